package io.livegraft.gateway.cli;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.training.TrainingExample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cuts a long text for scoring: every token after BOS is the target of exactly one window. */
final class EvaluationWindows {
    private EvaluationWindows() {}

    /**
     * @param ids with BOS first
     * @param context longest window, in tokens, BOS included
     */
    static List<TrainingExample> cut(int[] ids, int context) {
        if (ids.length < 2) {
            throw new LivegraftException(ErrorCode.INVALID_REQUEST, "the text is empty: there is no token to score");
        }
        int scored = context - 1;
        var windows = new ArrayList<TrainingExample>();
        for (int from = 1; from < ids.length; from += scored) {
            int[] rest = Arrays.copyOfRange(ids, from, Math.min(ids.length, from + scored));
            int[] window = new int[rest.length + 1];
            window[0] = ids[0];
            System.arraycopy(rest, 0, window, 1, rest.length);
            windows.add(new TrainingExample(window, 1));
        }
        return windows;
    }
}

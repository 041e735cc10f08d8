package io.livegraft.gpu.generation;

import java.util.List;

/** Lets text through until a stop string appears; holds back what may still become one. */
public final class StopFilter {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean stopped;

    public StopFilter(List<String> stops) {
        this.stops = List.copyOf(stops);
    }

    /** Takes new text and returns what is now certain to be part of the answer. */
    public String push(String text) {
        if (stopped) {
            return "";
        }
        held.append(text);
        int cut = firstStop();
        if (cut >= 0) {
            stopped = true;
            return take(cut);
        }
        return take(held.length() - possibleStopLength());
    }

    /** What was held back, once no more text comes. */
    public String flush() {
        return stopped ? "" : take(held.length());
    }

    /** Whether a stop string was met; nothing comes after it. */
    public boolean stopped() {
        return stopped;
    }

    private int firstStop() {
        int first = -1;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at >= 0 && (first < 0 || at < first)) {
                first = at;
            }
        }
        return first;
    }

    /** Length of the longest suffix that a stop string begins with. */
    private int possibleStopLength() {
        int longest = 0;
        for (String stop : stops) {
            for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
                if (stop.startsWith(held.substring(held.length() - length))) {
                    longest = length;
                }
            }
        }
        return longest;
    }

    private String take(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        return text;
    }
}

package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.transformer.Transformer;
import java.util.ArrayList;
import java.util.List;

/**
 * The steps of several adapters in passes over the base that they share, then each adapter's update. Nobody's numbers depend
 * on who else is there: each result is the same bits as from a cycle of its own. Results come in the plans' order.
 */
public final class TrainingCycle implements SlicedWork<List<StepResult>> {
    private final Workspace workspace;
    private final List<AdapterStep> steps;
    private final LossPass pass;
    private final List<StepResult> results = new ArrayList<>();
    private boolean passed;

    /**
     * @param plans at least one, of different adapters
     * @param sliceTokens of one slice at most; a longer sequence, or pair, is a slice of its own
     */
    public TrainingCycle(Backend backend, Transformer transformer, List<StepPlan> plans, int sliceTokens) {
        if (plans.isEmpty()) {
            throw new IllegalArgumentException("a cycle needs at least one step");
        }
        this.workspace = backend.workspace();
        try (var _ = workspace.use()) {
            this.steps =
                    plans.stream().map(plan -> new AdapterStep(backend, plan)).toList();
        }
        this.pass = new LossPass(
                backend,
                transformer,
                transformer,
                steps.stream().map(AdapterStep::task).toList(),
                sliceTokens);
    }

    /** A slice of the passes, or the update of one adapter. */
    @Override
    public boolean advance() {
        if (!passed) {
            passed = pass.advance();
        } else if (!done()) {
            update(results.size());
        }
        return done();
    }

    private void update(int next) {
        try (var _ = workspace.use()) {
            results.add(steps.get(next).update(pass.result().get(next)));
        }
        if (done()) {
            workspace.close();
        }
    }

    private boolean done() {
        return results.size() == steps.size();
    }

    @Override
    public List<StepResult> result() {
        if (!done()) {
            throw new IllegalStateException("the steps are not done");
        }
        return List.copyOf(results);
    }
}

package io.livegraft.gpu.cuda;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;

/**
 * Stretches of commands by what they do. The first time one is issued command by command, the second time it is captured, from then on
 * it is one launch. What changes from step to step is in buffers that the commands read, so that a swapped adapter or a moved sequence
 * needs no new capture. The least recently used go first.
 */
final class CudaGraphs implements AutoCloseable {
    private final CUstream stream;
    private final int most;
    private final Map<CommandLog, Optional<CUgraphExec>> seen = new LinkedHashMap<>(16, 0.75f, true);
    private long replays;

    CudaGraphs(CUstream stream, int most) {
        this.stream = stream;
        this.most = most;
    }

    int most() {
        return most;
    }

    long replays() {
        return replays;
    }

    void issue(CommandLog log, CommandLog.Target target) {
        Optional<CUgraphExec> graph = seen.get(log);
        if (graph == null) {
            log.issue(target);
            remember(log);
            return;
        }
        CUgraphExec made = graph.orElseGet(() -> captured(log, target));
        seen.put(log, Optional.of(made));
        CudaCall.check(JCudaDriver.cuGraphLaunch(made, stream), "cuGraphLaunch", log.toString());
        replays++;
    }

    private void remember(CommandLog log) {
        if (seen.size() == most) {
            Map.Entry<CommandLog, Optional<CUgraphExec>> oldest =
                    seen.entrySet().iterator().next();
            oldest.getValue().ifPresent(CudaGraphs::destroy);
            seen.remove(oldest.getKey());
        }
        seen.put(log, Optional.empty());
    }

    private CUgraphExec captured(CommandLog log, CommandLog.Target target) {
        CUgraph graph = new CUgraph();
        String shapes = log.toString();
        CudaCall.check(
                JCudaDriver.cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED),
                "cuStreamBeginCapture",
                shapes);
        log.issue(target);
        CudaCall.check(JCudaDriver.cuStreamEndCapture(stream, graph), "cuStreamEndCapture", shapes);
        CUgraphExec made = new CUgraphExec();
        CudaCall.check(JCudaDriver.cuGraphInstantiate(made, graph, 0), "cuGraphInstantiate", shapes);
        CudaCall.check(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy", shapes);
        return made;
    }

    private static void destroy(CUgraphExec graph) {
        CudaCall.check(JCudaDriver.cuGraphExecDestroy(graph), "cuGraphExecDestroy", "one graph");
    }

    @Override
    public void close() {
        seen.values().forEach(graph -> graph.ifPresent(CudaGraphs::destroy));
        seen.clear();
    }
}

package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Workspace;
import java.util.Optional;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/**
 * The one stream that all work of a device goes through, in order. In a stretch that is likely to come again ({@link #repeated})
 * commands are held back until the host waits; one that has been seen before is issued as a graph.
 */
final class CudaQueue implements CommandLog.Target, AutoCloseable {
    private final CudaDevice device;
    private final CudaStream stream;
    private final CudaGraphs graphs;
    private Optional<CommandLog> held = Optional.empty();

    CudaQueue(CudaDevice device, CudaStream stream, int graphs) {
        this.device = device;
        this.stream = stream;
        this.graphs = new CudaGraphs(stream, graphs);
    }

    CudaStream stream() {
        return stream;
    }

    /** Until the scope is closed, commands wait for {@link #finish}; scopes don't nest. */
    Workspace.Scope repeated() {
        if (graphs.most() == 0 || held.isPresent()) {
            return () -> {};
        }
        finish();
        device.metadata().restart();
        held = Optional.of(new CommandLog());
        return () -> {
            flush();
            held = Optional.empty();
        };
    }

    @Override
    public void launch(CudaKernel kernel, CudaGrid grid, ArgumentBlock arguments) {
        if (held.isPresent()) {
            held.get().launch(kernel, grid, arguments);
            return;
        }
        ready();
        kernel.issue(grid, arguments, stream);
    }

    @Override
    public void fill(long address, long words, int value) {
        if (held.isPresent()) {
            held.get().fill(address, words, value);
            return;
        }
        ready();
        CudaCall.check(
                JCudaDriver.cuMemsetD32Async(new DeviceAddress(address), value, words, stream),
                "cuMemsetD32Async",
                words + " words");
    }

    @Override
    public void copy(long to, long from, long bytes) {
        if (held.isPresent()) {
            held.get().copy(to, from, bytes);
            return;
        }
        ready();
        CudaCall.check(
                JCudaDriver.cuMemcpyDtoDAsync(new DeviceAddress(to), new DeviceAddress(from), bytes, stream),
                "cuMemcpyDtoDAsync",
                bytes + " bytes");
    }

    /** Asks another library for work on the stream, behind what is held back: never part of a graph. */
    void issue(Runnable call) {
        flush();
        call.run();
    }

    private void ready() {
        device.bind();
        device.metadata().send();
    }

    /** From page-locked memory, ahead of what is held back. */
    void upload(long to, Pointer from, long bytes) {
        device.bind();
        CudaCall.check(
                JCudaDriver.cuMemcpyHtoDAsync(new DeviceAddress(to), from, bytes, stream),
                "cuMemcpyHtoDAsync",
                bytes + " bytes");
    }

    /** Into page-locked memory, behind what is held back; there once {@link #finish} is through. */
    void download(Pointer to, long from, long bytes) {
        flush();
        CudaCall.check(
                JCudaDriver.cuMemcpyDtoHAsync(to, new DeviceAddress(from), bytes, stream),
                "cuMemcpyDtoHAsync",
                bytes + " bytes");
    }

    /** Issues what was held back. */
    void flush() {
        device.bind();
        device.metadata().send();
        if (held.isPresent() && !held.get().isEmpty()) {
            CommandLog log = held.get();
            held = Optional.empty();
            graphs.issue(log, this);
            held = Optional.of(new CommandLog());
        }
    }

    /** Waits until all work is done. */
    void finish() {
        flush();
        CudaCall.check(JCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize", "the queued work");
    }

    /** Steps that were issued as a graph. */
    long replays() {
        return graphs.replays();
    }

    @Override
    public void close() {
        graphs.close();
        CudaCall.check(JCudaDriver.cuStreamDestroy(stream), "cuStreamDestroy", "one stream");
    }
}

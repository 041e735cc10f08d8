package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Offloadable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/**
 * One device: its primary context, one stream, one arena of memory, its modules. Used from one thread at a time. All work is queued;
 * the host waits in {@link #download} and {@link #finish} alone.
 */
final class CudaDevice implements AutoCloseable {
    /** A context is current to a thread; so is a device. */
    private static final ThreadLocal<CudaDevice> BOUND = new ThreadLocal<>();
    /** Of a copy within the host's memory that a core makes: several together are as fast as the bus to the device. */
    private static final long SLICE_BYTES = 1 << 20;

    private final CudaProbe.Found found;
    private final CudaModules modules;
    private final CUdevice handle = new CUdevice();
    private final CUcontext context = new CUcontext();
    private final DeviceAddress arena = new DeviceAddress();
    private final DeviceMemory memory;
    private final CudaWorkspaces workspaces;
    private final CudaQueue queue;
    private final CudaMetadata metadata;
    private final PinnedBuffer staging;
    /** Where the half begins that no copy reads. */
    private int idleHalf;

    private final long copyBytes;
    private final HostMemory host;
    private final CudaOffload offload;
    private final Map<String, CUmodule> loaded = new HashMap<>();
    private final Map<String, CudaKernel> kernels = new TreeMap<>();

    /**
     * Takes the device's memory.
     *
     * @throws CudaException where the driver refuses
     */
    CudaDevice(CudaProbe.Found found, CudaModules modules, CudaSettings settings) {
        this.found = found;
        this.modules = modules;
        String name = found.toString();
        CudaCall.check(JCudaDriver.cuDeviceGet(handle, found.ordinal()), "cuDeviceGet", name);
        CudaCall.check(JCudaDriver.cuDevicePrimaryCtxRetain(context, handle), "cuDevicePrimaryCtxRetain", name);
        bind();
        long bytes = memoryBytes(settings);
        CudaCall.check(JCudaDriver.cuMemAlloc(arena, bytes), "cuMemAlloc", "%d bytes on %s".formatted(bytes, name));
        this.memory = new DeviceMemory(arena.value(), bytes);
        this.workspaces = new CudaWorkspaces(memory);
        this.queue = new CudaQueue(this, stream(), settings.graphs());
        this.metadata = new CudaMetadata(queue, memory, settings.metadataBytes());
        this.staging = new PinnedBuffer(settings.stagingBytes());
        this.copyBytes = settings.copyBytes();
        this.host = new HostMemory(queue, settings.offload().hostBytes());
        this.offload = new CudaOffload(settings.offload());
    }

    private static long memoryBytes(CudaSettings settings) {
        if (settings.memoryBytes() > 0) {
            return settings.memoryBytes();
        }
        long[] free = new long[1];
        CudaCall.check(JCudaDriver.cuMemGetInfo(free, new long[1]), "cuMemGetInfo", "the device");
        long share = (long) (free[0] * settings.memoryShare());
        return share - share % DeviceMemory.ALIGNMENT;
    }

    /** One that does not wait for the default stream. */
    private static CudaStream stream() {
        CudaStream stream = new CudaStream();
        int nonBlocking = 1;
        CudaCall.check(JCudaDriver.cuStreamCreate(stream, nonBlocking), "cuStreamCreate", "one stream");
        return stream;
    }

    /** Makes its context that of this thread; cheap where it is already. */
    void bind() {
        if (BOUND.get() != this) {
            CudaCall.check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent", found.toString());
            BOUND.set(this);
        }
    }

    /** As {@code NVIDIA H100 80GB HBM3 (sm_90)}. */
    String name() {
        return found.toString();
    }

    /** What copies of weights may take, while memory is there. */
    long copyBytes() {
        return copyBytes;
    }

    CudaCapability capability() {
        return found.capability();
    }

    int multiprocessors() {
        return found.multiprocessors();
    }

    /** As {@code cuda-0123abcd-sm_90}: sums on tensor cores round differently from generation to generation. */
    String profile() {
        return "cuda-%s-%s".formatted(modules.digest().substring(0, 8), found.capability());
    }

    /**
     * A kernel, loaded when it is first asked for.
     *
     * @param module its source file without the ending
     */
    CudaKernel kernel(String module, String name) {
        return kernels.computeIfAbsent(module + "." + name, _ -> {
            bind();
            CUmodule from = loaded.computeIfAbsent(module, one -> modules.load(one, found.capability()));
            CUfunction function = new CUfunction();
            CudaCall.check(JCudaDriver.cuModuleGetFunction(function, from, name), "cuModuleGetFunction", name);
            return new CudaKernel(this, name, function);
        });
    }

    /** How often each kernel was launched, by module and name as in {@code norm.rms_norm}. */
    Map<String, Long> launches() {
        Map<String, Long> launches = new TreeMap<>();
        kernels.forEach((name, kernel) -> launches.put(name, kernel.launches()));
        return launches;
    }

    DeviceMemory memory() {
        return memory;
    }

    /** What a plan may spend, with so much for keys and values. */
    MemoryLimits limits(long cacheBytes) {
        return new MemoryLimits(
                memory.bytes(),
                metadata.bytes(),
                cacheBytes,
                copyBytes,
                offload.settings().hostBytes());
    }

    HostMemory host() {
        return host;
    }

    CudaOffload offload() {
        return offload;
    }

    /** As {@code workspaces().unset}, in the host's memory where these live there. */
    CudaTensor unset(Offloadable what, int rows, int columns) {
        return offload.offloads(what) ? workspaces.offDevice(host, rows, columns) : workspaces.unset(rows, columns);
    }

    CudaWorkspaces workspaces() {
        return workspaces;
    }

    CudaQueue queue() {
        return queue;
    }

    CudaMetadata metadata() {
        return metadata;
    }

    /** Address of whole numbers for the launches that are queued next. */
    long ints(int[] values) {
        return metadata.ints(values);
    }

    /** Address of addresses for the launches that are queued next. */
    long longs(long[] values) {
        return metadata.longs(values);
    }

    /** Bytes that an upload takes at once. */
    int pieceBytes() {
        return staging.bytes() / 2;
    }

    /** Copies in, wherever it lives; the values may be changed afterwards. */
    void upload(CudaTensor to, MemorySegment from) {
        switch (to.block()) {
            case DeviceMemory.Block _ -> upload(to.address(), from);
            case HostMemory.Block block -> {
                queue.finish();
                copy(from, 0, block.values(to.offset(), from.byteSize()), 0, from.byteSize());
            }
        }
    }

    /** Copies out, wherever it lives, behind everything that is queued. */
    void download(MemorySegment to, CudaTensor from) {
        switch (from.block()) {
            case DeviceMemory.Block _ -> download(to, from.address());
            case HostMemory.Block block -> {
                queue.finish();
                copy(block.values(from.offset(), to.byteSize()), 0, to, 0, to.byteSize());
            }
        }
    }

    /** Queues a copy of values of one shape, wherever they live. */
    void copy(CudaTensor to, CudaTensor from) {
        switch (to.block()) {
            case HostMemory.Block block
            when from.block() instanceof DeviceMemory.Block ->
                queue.download(block.at(to.offset()), from.address(), from.bytes());
            case HostMemory.Block block -> download(block.values(to.offset(), to.bytes()), from);
            case DeviceMemory.Block _
            when from.block() instanceof HostMemory.Block block -> {
                queue.flush();
                queue.upload(to.address(), block.at(from.offset()), from.bytes());
            }
            case DeviceMemory.Block _ -> queue.copy(to.address(), from.address(), from.bytes());
        }
    }

    /**
     * Copies in, through one half of the page-locked memory while the other half's copy may be under way; the values may be changed
     * afterwards.
     */
    void upload(long to, MemorySegment from) {
        for (long done = 0; done < from.byteSize(); done += pieceBytes()) {
            long bytes = Math.min(pieceBytes(), from.byteSize() - done);
            copy(from, done, staging.segment(), idleHalf, bytes);
            queue.finish();
            queue.upload(to + done, staging.at(idleHalf), bytes);
            idleHalf = pieceBytes() - idleHalf;
        }
    }

    /** What a frozen weight has beside its tiles. */
    DeviceMemory.Block lasting(float[] values) {
        DeviceMemory.Block block = memory.allocate((long) Float.BYTES * values.length, DeviceMemory.Use.WEIGHTS);
        upload(block.address(), MemorySegment.ofArray(values));
        return block;
    }

    /** Copies out, behind everything that is queued. */
    void download(MemorySegment to, long from) {
        for (long done = 0; done < to.byteSize(); done += staging.bytes()) {
            long bytes = Math.min(staging.bytes(), to.byteSize() - done);
            queue.download(staging.at(0), from + done, bytes);
            queue.finish();
            copy(staging.segment(), 0, to, done, bytes);
        }
    }

    /**
     * Never by {@code MemorySegment.copy} without layouts: it moves fewer than 64 bytes as longs in a loop, and C2 (JDK 25.0.3)
     * has read all but the first 8 of them as zeros from a float array that was made in the same method.
     */
    private static void copy(MemorySegment from, long fromByte, MemorySegment to, long toByte, long bytes) {
        LongStream.range(0, Math.ceilDiv(bytes, SLICE_BYTES)).parallel().forEach(slice -> {
            long begin = slice * SLICE_BYTES;
            MemorySegment.copy(
                    from,
                    ValueLayout.JAVA_BYTE,
                    fromByte + begin,
                    to,
                    ValueLayout.JAVA_BYTE,
                    toByte + begin,
                    Math.min(SLICE_BYTES, bytes - begin));
        });
    }

    double[] doubles(long address, int count) {
        double[] values = new double[count];
        download(MemorySegment.ofArray(values), address);
        return values;
    }

    /** Waits until all work is done. */
    void finish() {
        queue.finish();
    }

    @Override
    public void close() {
        queue.finish();
        host.close();
        queue.close();
        metadata.close();
        staging.close();
        loaded.values()
                .forEach(module -> CudaCall.check(JCudaDriver.cuModuleUnload(module), "cuModuleUnload", "one module"));
        CudaCall.check(JCudaDriver.cuMemFree(arena), "cuMemFree", memory.bytes() + " bytes");
        BOUND.remove();
        CudaCall.check(JCudaDriver.cuDevicePrimaryCtxRelease(handle), "cuDevicePrimaryCtxRelease", found.toString());
    }
}

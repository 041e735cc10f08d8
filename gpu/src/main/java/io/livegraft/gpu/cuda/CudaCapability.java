package io.livegraft.gpu.cuda;

/** Generation of a device: 8.0 is an A100, 9.0 an H100. */
public record CudaCapability(int major, int minor) {
    /** As {@code 90}. */
    public int number() {
        return 10 * major + minor;
    }

    /** Whether machine code for {@code built} runs here: that of the same major number and an equal or lower minor one. */
    boolean runs(CudaCapability built) {
        return major == built.major && minor >= built.minor;
    }

    @Override
    public String toString() {
        return "sm_" + number();
    }
}

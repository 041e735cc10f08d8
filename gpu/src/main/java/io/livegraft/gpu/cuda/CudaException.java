package io.livegraft.gpu.cuda;

/** What the driver answered when it could not do what it was asked. After most codes the device's context is of no use any more. */
public final class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String operation;
    private final String shapes;
    private final CudaCode code;

    /**
     * Of one call.
     *
     * @param operation kernel or function of the driver
     * @param shapes of what it was to work on
     */
    public CudaException(String operation, String shapes, CudaCode code) {
        super("CUDA refused %s of %s: %s".formatted(operation, shapes, code));
        this.operation = operation;
        this.shapes = shapes;
        this.code = code;
    }

    public String operation() {
        return operation;
    }

    public String shapes() {
        return shapes;
    }

    public CudaCode code() {
        return code;
    }
}

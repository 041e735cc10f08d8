package io.livegraft.gpu.training;

import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.nio.file.Path;

/** {@link TinyQlora} as a program, for virtual machines with other flags: base and steps in, digest out. */
final class QloraRun {
    private QloraRun() {}

    public static void main(String[] arguments) {
        try (VectorBackend backend = new VectorBackend(2)) {
            System.out.println(TinyQlora.digest(
                    backend, Path.of(arguments[0]), Integer.parseInt(arguments[1]), GradientCheckpointing.NONE, false));
        }
    }
}

package io.livegraft.gpu.cuda;

import io.livegraft.gpu.cpu.ReferenceBackend;
import io.livegraft.gpu.cpu.TwinBackend;
import io.livegraft.gpu.cpu.TwinCases;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Every operation of the CUDA backend against the reference. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CudaBackendTwinTest {
    private Optional<CudaBackend> backend = Optional.empty();

    @BeforeAll
    void open() {
        backend = Optional.of(StandIn.backend());
    }

    @AfterAll
    void close() {
        backend.ifPresent(CudaBackend::close);
    }

    @TestFactory
    Stream<DynamicTest> everyOperationAgrees() {
        return TwinCases.all().entrySet().stream()
                .map(one -> DynamicTest.dynamicTest(one.getKey(), () -> {
                    TwinBackend twins = twins();
                    one.getValue().accept(twins.both(), new Random(1));
                }));
    }

    private TwinBackend twins() {
        return new TwinBackend(new ReferenceBackend(), backend.orElseThrow(), true);
    }
}

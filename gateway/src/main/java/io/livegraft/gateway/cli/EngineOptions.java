package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.EngineSettings;
import io.livegraft.gpu.tensor.Precision;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which base runs in this process, and how. */
final class EngineOptions {
    @Option(names = "--base", required = true, paramLabel = "BASE", description = BaseLocation.DESCRIPTION)
    private Path base = Path.of("");

    @Option(
            names = "--precision",
            paramLabel = "P",
            converter = PrecisionName.class,
            description = {
                "Weights of the linear layers: nf4, nf4-single, fp4, int8, int4, bf16 or fp32",
                "(default: what the base stores; nf4 where that is not quantized)."
            })
    private Optional<Precision> precision = Optional.empty();

    @Option(names = "--threads", paramLabel = "N", description = "Worker threads; 0 (default) takes one per core.")
    private Optional<Integer> threads = Optional.empty();

    @Option(
            names = "--backend",
            paramLabel = "B",
            description = "cpu, cuda or auto (default: as livegraft.engine.backend says).")
    private Optional<String> backend = Optional.empty();

    /** Reads a precision as it is spelt on the command line, e.g. {@code nf4-single}. */
    private static final class PrecisionName implements ITypeConverter<Precision> {
        @Override
        public Precision convert(String name) {
            try {
                return Precision.of(name);
            } catch (IllegalArgumentException unknown) {
                throw new TypeConversionException(String.valueOf(unknown.getMessage()));
            }
        }
    }

    Engine open() {
        return Engine.open(EngineSettings.from(config().getConfig("livegraft.engine")));
    }

    private Config config() {
        Config loaded = ConfigFactory.load();
        Map<String, Object> given = new HashMap<>();
        given.put("livegraft.engine.base", BaseLocation.directory(base, loaded).toString());
        precision.ifPresent(p -> given.put("livegraft.engine.precision", p.toString()));
        backend.ifPresent(b -> given.put("livegraft.engine.backend", b));
        threads.ifPresent(n -> given.put("livegraft.engine.threads", n));
        return ConfigFactory.parseMap(given, "command line")
                .withFallback(loaded)
                .resolve();
    }
}

package io.livegraft.gateway.cli;

import com.typesafe.config.ConfigFactory;
import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.model.QuantizedBase;
import io.livegraft.gpu.quantization.Codebook;
import io.livegraft.gpu.quantization.QuantizationFormat;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code livegraft quantize}: a base in fewer bits, as a directory that transformers loads, too. */
@Command(
        name = "quantize",
        description = {
            "Write a base with its linear layers quantized as bitsandbytes does; embedding, norms and head stay as they are.",
            "Serving the result gives the same bits as quantizing the base while it is loaded."
        })
final class QuantizeCommand implements Callable<Integer> {
    private static final int PROGRESS_LINES = 20;

    private final Terminal terminal;

    /** What checkpoints have. */
    enum Format {
        NF4,
        FP4,
        INT8
    }

    @Option(names = "--base", required = true, paramLabel = "BASE", description = BaseLocation.DESCRIPTION)
    private Path base = Path.of("");

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Directory to write.")
    private Path out = Path.of("");

    @Option(names = "--format", paramLabel = "F", description = "nf4 (default), fp4 or int8.")
    private Format format = Format.NF4;

    @Option(
            names = "--block-size",
            paramLabel = "N",
            description = "Values per scale in 4 bits, a power of two from 32 to 4096 (default: ${DEFAULT-VALUE}).")
    private int blockSize = 64;

    @Option(names = "--no-double-quantization", description = "Keep the scales of 4-bit blocks in float32.")
    private boolean singleQuantization;

    @Option(names = "--json", description = "Print {\"out\",\"digest\",\"format\",\"bitsPerWeight\",…} at the end.")
    private boolean json;

    QuantizeCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        QuantizationFormat chosen = chosen();
        ModelDirectory dense = ModelDirectory.open(BaseLocation.directory(base, ConfigFactory.load()));
        QuantizedBase.Written written = QuantizedBase.write(out, dense, chosen, this::report);
        String name = format.name().toLowerCase(Locale.ROOT);
        String digest = ModelDirectory.open(out).digest();
        if (json) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("out", out.toString());
            result.put("digest", digest);
            result.put("format", name);
            result.put("weights", written.weights());
            result.put("bitsPerWeight", written.bitsPerWeight());
            result.put("fileBytes", written.fileBytes());
            terminal.json(result);
        } else {
            terminal.out()
                    .println("%s: %d weights in %s, %.3f bits each; sha256 %s"
                            .formatted(out, written.weights(), name, written.bitsPerWeight(), digest));
        }
        return ErrorTable.OK;
    }

    private QuantizationFormat chosen() {
        try {
            return switch (format) {
                case NF4 -> new QuantizationFormat.Blocks(Codebook.NF4, blockSize, !singleQuantization);
                case FP4 -> new QuantizationFormat.Blocks(Codebook.FP4, blockSize, !singleQuantization);
                case INT8 -> new QuantizationFormat.Rows();
            };
        } catch (IllegalArgumentException outOfRange) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, String.valueOf(outOfRange.getMessage()), outOfRange);
        }
    }

    /** A line now and then: about twenty in all. */
    private void report(String name, int done, int total) {
        int interval = Math.max(1, total / PROGRESS_LINES);
        if (done % interval == 0 || done == total) {
            terminal.err().println("tensor %d/%d %s".formatted(done, total, name));
        }
    }
}

package io.livegraft.gateway.cli;

import io.livegraft.gpu.quality.Machine;
import io.livegraft.gpu.quality.QualityData;
import io.livegraft.gpu.quality.QualityReport;
import io.livegraft.gpu.quality.QualityReport.Bytes;
import io.livegraft.gpu.quality.QualityReport.Damage;
import io.livegraft.gpu.quality.QualityReport.Outcome;
import io.livegraft.gpu.quality.QualitySettings;
import io.livegraft.gpu.quality.ShapeMemory;
import io.livegraft.gpu.quality.Spread;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code bench quality} measured, as tables for people and as one object for programs. */
record QualityTable(
        Machine machine,
        String base,
        String data,
        QualityData rows,
        QualitySettings settings,
        QualityReport report,
        List<ShapeMemory> shapes) {

    void print(PrintWriter out) {
        out.printf(
                "base %s, data %s: %d training and %d held-out rows, %d labels%n",
                base,
                data,
                rows.training().size(),
                rows.heldOut().size(),
                rows.labels().size());
        out.printf(
                "%d seeds, %d steps of %d tokens, LoRA rank %d, learning rate %.2e, full %.2e%n",
                settings.seeds().size(),
                settings.steps(),
                settings.batchTokens(),
                settings.lora().rank(),
                settings.adapterOptimizer().learningRate(),
                settings.fullOptimizer().learningRate());
        out.printf("kernels %s%n", report.kernels());
        out.println(BenchOptions.line(machine));
        printDamage(out);
        if (!report.variants().isEmpty()) {
            printOutcomes(out);
        }
        printShapes(out);
    }

    private void printDamage(PrintWriter out) {
        out.printf(
                "%nThe base alone. Divergence: extra nats per token on text that the fp32 base wrote, with its standard error.%n");
        out.printf(
                "%-12s %8s %10s %12s %9s %20s%n",
                "precision", "bits", "linears", "held-out NLL", "damage", "divergence");
        for (Damage d : report.damage()) {
            out.printf(
                    "%-12s %8.3f %10s %12.4f %+8.2f%% %10.5f ± %.5f%n",
                    d.precision(),
                    d.bitsPerWeight(),
                    size(d.linearBytes()),
                    d.heldOutNll(),
                    100 * d.damage(),
                    d.sampledDivergence(),
                    d.divergenceError());
        }
    }

    private void printOutcomes(PrintWriter out) {
        out.printf(
                "%nAfter training. nf4 has double quantization, nf4-single has not. Memory: moments in float32 / 8 bits; activations of one"
                        + " slice without / with full checkpointing.%n");
        out.printf(
                "%-16s %-10s %17s %8s %15s %10s %9s %9s %9s %19s %19s %7s%n",
                "method",
                "base",
                "held-out NLL",
                "vs LoRA",
                "accuracy",
                "trained",
                "model",
                "adapter",
                "gradients",
                "moments",
                "activations",
                "seconds");
        for (Outcome o : report.variants()) {
            Bytes b = o.bytes();
            out.printf(
                    "%-16s %-10s %8.4f ± %.4f %+7.2f%% %15s %9.2f%% %9s %9s %9s %19s %19s %7.1f%n",
                    o.method(),
                    o.precision(),
                    o.heldOutNll().mean(),
                    o.heldOutNll().deviation(),
                    100 * o.overLora(),
                    o.accuracy()
                            .map(a -> "%.3f ± %.3f".formatted(a.mean(), a.deviation()))
                            .orElse("-"),
                    100 * o.trainableShare(),
                    size(b.model()),
                    size(b.adapter()),
                    size(b.gradients()),
                    size(b.moments()) + " / " + size(b.moments8()),
                    size(b.activations()) + " / " + size(b.activationsFull()),
                    o.seconds().mean());
        }
    }

    private void printShapes(PrintWriter out) {
        out.printf(
                "%nShapes, rank %d. Linears in nf4: one layer really quantized, times the layers. Gradients + moments in float32 (8-bit moments).%n",
                settings.lora().rank());
        out.printf(
                "%-6s %14s %8s %10s %15s %15s %23s %23s %17s%n",
                "shape", "parameters", "bits", "linears", "all linear", "attention only", "full", "QLoRA", "saved");
        for (ShapeMemory s : shapes) {
            out.printf(
                    "%-6s %,14d %8.3f %10s %14.3f%% %14.3f%% %23s %23s %7.2f%% (%.2f%%)%n",
                    s.shape(),
                    s.parameters(),
                    s.bitsPerWeight(),
                    size(s.linearBytes()),
                    100 * s.trainableShare(),
                    100 * s.attentionShare(),
                    "%s (%s)".formatted(size(s.full().total()), size(s.full().total8())),
                    "%s (%s)"
                            .formatted(
                                    size(s.adapter().total()), size(s.adapter().total8())),
                    100 * s.saved(),
                    100 * s.saved8());
        }
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("machine", machine);
        json.put("base", base);
        json.put("data", data);
        json.put("trainingRows", rows.training().size());
        json.put("heldOutRows", rows.heldOut().size());
        json.put("labels", rows.labels().size());
        json.put("seeds", settings.seeds());
        json.put("steps", settings.steps());
        json.put("batchTokens", settings.batchTokens());
        json.put("rank", settings.lora().rank());
        json.put("learningRate", settings.adapterOptimizer().learningRate());
        json.put("fullLearningRate", settings.fullOptimizer().learningRate());
        json.put("kernels", report.kernels());
        json.put("damage", report.damage());
        json.put("variants", report.variants().stream().map(QualityTable::json).toList());
        json.put("shapes", shapes.stream().map(QualityTable::json).toList());
        return json;
    }

    private static Map<String, Object> json(Outcome outcome) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("method", outcome.method());
        json.put("precision", outcome.precision());
        json.put("heldOutNll", outcome.heldOutNll());
        outcome.accuracy().ifPresent((Spread accuracy) -> json.put("accuracy", accuracy));
        json.put("overLora", outcome.overLora());
        json.put("trainableParameters", outcome.trainableParameters());
        json.put("trainableShare", outcome.trainableShare());
        json.put("bytes", outcome.bytes());
        json.put("seconds", outcome.seconds());
        return json;
    }

    private static Map<String, Object> json(ShapeMemory shape) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("shape", shape.shape());
        json.put("parameters", shape.parameters());
        json.put("linearBytes", shape.linearBytes());
        json.put("bitsPerWeight", shape.bitsPerWeight());
        json.put("rank", shape.rank());
        json.put("trainable", shape.trainable());
        json.put("trainableShare", shape.trainableShare());
        json.put("attentionTrainable", shape.attentionTrainable());
        json.put("attentionShare", shape.attentionShare());
        json.put("full", shape.full());
        json.put("adapter", shape.adapter());
        json.put("saved", shape.saved());
        json.put("saved8", shape.saved8());
        return json;
    }

    /** E.g. {@code 12.3 MiB}. */
    static String size(long bytes) {
        if (bytes < 1024 * 1024) {
            return "%.1f KiB".formatted(bytes / 1024.0);
        }
        return bytes < 1L << 30 ? "%.1f MiB".formatted(bytes / 0x1p20) : "%.2f GiB".formatted(bytes / 0x1p30);
    }
}

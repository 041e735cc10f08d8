package io.livegraft.gateway.cli;

import io.livegraft.gpu.bench.EngineReport;
import io.livegraft.gpu.bench.EngineReport.Batch;
import io.livegraft.gpu.bench.EngineReport.Generation;
import io.livegraft.gpu.bench.EngineReport.Memory;
import io.livegraft.gpu.bench.Rate;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code bench engine} measured, as a table for people and as one object for programs. */
record EngineTable(EngineReport report) {
    void print(PrintWriter out) {
        printMachine(out);
        out.printf("%n%-30s %10s %10s %10s   tokens per second%n", "", "median", "least", "greatest");
        print(out, "prompt of %d".formatted(report.promptTokens()), report.promptTokensPerSecond(), "");
        for (Generation g : report.generation()) {
            print(
                    out,
                    "generation at depth %d".formatted(g.depthTokens()),
                    g.tokensPerSecond(),
                    "%.0f%% of the DRAM limit".formatted(100 * g.dramShare()));
        }
        for (Batch b : report.batches()) {
            print(
                    out,
                    "%d sequences, %d adapters".formatted(b.sequences(), b.adapters()),
                    b.tokensPerSecond(),
                    "%.2f of the base alone, %.2f x one sequence".formatted(b.overBase(), b.overOne()));
        }
    }

    private void printMachine(PrintWriter out) {
        out.printf(
                "shape %s, %,d random parameters in %s, %d threads%n",
                report.shape(), report.parameters(), report.precision(), report.threads());
        out.println(BenchOptions.line(report.machine()));
        out.printf("%s%n", report.kernels());
        Rate dram = report.ceilings().dramReadGigabytesPerSecond();
        Rate fma = report.ceilings().fmaGigaflopsPerSecond();
        out.printf(
                "ceilings: DRAM read %.1f GB/s (%.1f to %.1f), float32 FMA %.0f GFLOP/s (%.0f to %.0f)%n",
                dram.median(), dram.min(), dram.max(), fma.median(), fma.min(), fma.max());
        Memory memory = report.memory();
        out.printf(
                "memory: weights %s, of which a token reads %s%s%n",
                QualityTable.size(memory.modelBytes()),
                QualityTable.size(memory.tokenBytes()),
                BenchOptions.resident("; the process had", memory.residentBytes()));
        report.deviceMemory().ifPresent(use -> out.println(BenchOptions.line(use)));
        out.printf(
                "start: weights made in %.2f s, first token after %.2f s, %.2f s from the start of the process%n",
                report.start().weightsSeconds(),
                report.start().firstTokenSeconds(),
                report.start().processSeconds());
    }

    private static void print(PrintWriter out, String what, Rate rate, String more) {
        out.printf("%-30s %10.1f %10.1f %10.1f   %s%n", what, rate.median(), rate.min(), rate.max(), more);
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("machine", report.machine());
        json.put("shape", report.shape());
        json.put("parameters", report.parameters());
        json.put("precision", report.precision());
        json.put("kernels", report.kernels());
        json.put("threads", report.threads());
        json.put("ceilings", report.ceilings());
        json.put("modelBytes", report.memory().modelBytes());
        json.put("tokenBytes", report.memory().tokenBytes());
        report.memory().residentBytes().ifPresent(bytes -> json.put("residentBytes", bytes));
        json.put("start", report.start());
        json.put("promptTokens", report.promptTokens());
        json.put("promptTokensPerSecond", report.promptTokensPerSecond());
        json.put("generation", report.generation());
        json.put("batches", report.batches());
        report.deviceMemory().ifPresent(use -> json.put("deviceMemory", use));
        return json;
    }
}

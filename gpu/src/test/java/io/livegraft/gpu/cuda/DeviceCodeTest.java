package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What nvcc made of the kernels: for every generation, nothing spilled, no stack, no warning, registers within their budget. */
class DeviceCodeTest {
    private static final Path BUILT = Path.of("target/cuda/device");
    private static final Path BUDGETS = Path.of("src/test/cuda/registers");
    private static final Pattern ENTRY = Pattern.compile("Compiling entry function '(\\w+)' for '(\\w+)'");
    private static final Pattern REGISTERS = Pattern.compile("Used (\\d+) registers");
    private static final Pattern CLEAN =
            Pattern.compile("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads");
    private static final String OTHERS = "others";

    @Test
    void noKernelSpillsOrWarnsAndEachStaysWithinItsRegisters() throws IOException {
        Assumptions.assumeTrue(PackedModules.onClassPath().isPresent(), "the build found no nvcc");
        Map<String, Integer> budgets = budgets();
        List<String> faults = new ArrayList<>();
        int kernels = 0;
        try (Stream<Path> files = Files.list(BUILT)) {
            for (Path report : files.filter(file -> file.toString().endsWith(".txt"))
                    .sorted()
                    .toList()) {
                kernels += check(Files.readString(report), budgets, faults);
            }
        }
        System.out.printf("kernels compiled: %d, over all architectures%n", kernels);
        assertEquals(List.of(), faults);
        assertTrue(kernels > 0);
    }

    /** The mutants: what ptxas writes of a kernel that is none of these. */
    @Test
    void aSpillAStackFrameAWarningAndARegisterTooManyWouldBeSeen() {
        String sound = """
                ptxas info    : Compiling entry function 'one' for 'sm_80'
                ptxas info    : Function properties for one
                    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
                ptxas info    : Used 128 registers, used 1 barriers
                """;
        assertEquals(List.of(), faults(sound));
        assertFalse(faults(sound.replace("0 bytes spill loads", "8 bytes spill loads"))
                .isEmpty());
        assertFalse(faults(sound.replace("0 bytes stack", "16 bytes stack")).isEmpty());
        assertFalse(faults(sound.replace("128", "129")).isEmpty());
        assertFalse(faults(sound + "ptxas warning : something").isEmpty());
    }

    private static List<String> faults(String report) {
        List<String> faults = new ArrayList<>();
        assertEquals(1, check(report, Map.of(OTHERS, 128), faults));
        return faults;
    }

    private static int check(String report, Map<String, Integer> budgets, List<String> faults) {
        int kernels = 0;
        String kernel = "";
        for (String line : report.lines().toList()) {
            Matcher entry = ENTRY.matcher(line);
            Matcher registers = REGISTERS.matcher(line);
            if (entry.find()) {
                kernel = entry.group(1);
                kernels++;
            } else if (registers.find()) {
                int budget = budgets.getOrDefault(kernel, budgets.getOrDefault(OTHERS, 0));
                if (Integer.parseInt(registers.group(1)) > budget) {
                    faults.add("%s, budget %d: %s".formatted(kernel, budget, line));
                }
            } else if (line.contains("warning")
                    || (line.contains("stack frame") && !CLEAN.matcher(line).find())) {
                faults.add(kernel + ": " + line);
            }
        }
        return kernels;
    }

    private static Map<String, Integer> budgets() throws IOException {
        Map<String, Integer> budgets = new TreeMap<>();
        for (String line : Files.readAllLines(BUDGETS)) {
            if (!line.isBlank() && !line.startsWith("#")) {
                String[] words = line.split(" ", 2);
                budgets.put(words[0], Integer.parseInt(words[1]));
            }
        }
        return budgets;
    }

    @Test
    void aCardGetsTheMachineCodeOfItsGenerationAndALaterOnePtx() {
        assertEquals(List.of(".sm_80.cubin", ".ptx"), PackedModules.endings(new CudaCapability(8, 6)));
        assertEquals(List.of(".sm_89.cubin", ".ptx"), PackedModules.endings(new CudaCapability(8, 9)));
        assertEquals(List.of(".sm_90a.cubin", ".ptx"), PackedModules.endings(new CudaCapability(9, 0)));
        assertEquals(List.of(".ptx"), PackedModules.endings(new CudaCapability(12, 0)));
        assertEquals(List.of(".ptx"), PackedModules.endings(new CudaCapability(7, 5)));
    }
}

package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SelectionTest {
    @Test
    void theLineOfAnyOffsetIsTheOneOfItsRecursiveDefinition() {
        for (long seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            List<LogEntry> log = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                log.add(
                        random.nextInt(5) == 0 && i > 0
                                ? new LogEntry.Reset(i, i, random.nextInt(i + 1) - 1, "", "")
                                : new LogEntry.Feedback(i, i, "e" + i, i, TestingSteps.lesson(1)));
            }
            long through = random.nextInt(30);
            Selection selection = Selection.of(upTo(log, through), through, Set.of());
            Set<Long> taken = upTo(log, through).stream()
                    .filter(entry -> selection.part(entry) == Selection.Part.TAKEN)
                    .map(LogEntry::offset)
                    .collect(Collectors.toCollection(TreeSet::new));
            assertEquals(line(log, through), taken, "seed " + seed);
        }
    }

    private static List<LogEntry> upTo(List<LogEntry> log, long through) {
        return log.stream().filter(entry -> entry.offset() <= through).toList();
    }

    private static Set<Long> line(List<LogEntry> log, long through) {
        if (through < 0) {
            return new TreeSet<>();
        }
        long before = log.get((int) through) instanceof LogEntry.Reset reset ? reset.to() : through - 1;
        Set<Long> line = line(log, before);
        line.add(through);
        return line;
    }

    @Test
    void aForgetCountsBehindAResetToo() {
        LogEntry.Feedback event =
                new LogEntry.Feedback(1, 1, "e", 1, Label.EXAMPLE, TestingSteps.lesson(1), "ann", "ann");
        LogEntry.Feedback later =
                new LogEntry.Feedback(9, 1, "f", 1, Label.EXAMPLE, TestingSteps.lesson(1), "ann", "ann");
        List<LogEntry> controls =
                List.of(new LogEntry.Forget(5, 1, "ann", "", ""), new LogEntry.Reset(7, 1, 3, "", ""));
        Selection selection = Selection.of(controls, 9, Set.of());
        assertEquals(Selection.Part.LEFT_OUT, selection.part(event));
        assertEquals(Selection.Part.TAKEN, selection.part(later));
        assertEquals(
                Selection.Part.LEFT_OUT,
                Selection.of(List.of(), 9, Set.of("ann")).part(later));
    }
}

package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.livegraft.actors.registry.AdapterImage;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Law 2: a response is made by exactly one version, whatever begins to serve while it runs. */
class SwapLawTest {
    private static final AdminAction ANN =
            new AdminAction("ann", "because", OptionalInt.empty(), false, Optional.empty());
    private static final String PROMPT = "User: Where is my parcel?\nAssistant:";
    private static final int EVENTS = 120;
    private static final int TOKENS = 400;

    @TempDir
    private Path state;

    @Test
    void anAnswerInTheMakingKeepsItsVersionThroughASwap() {
        try (TestingNode testing = new TestingNode(state)) {
            for (int i = 0; i < EVENTS; i++) {
                testing.send("boats", "event-" + i, PROMPT, " It sails, it sails, it sails, it sails, it sails on.");
            }
            testing.trainer("boats", status -> status.trained() + status.heldOut() == EVENTS);
            AdapterImage image = testing.settled("boats");
            testing.serves("boats", image.serving());
            String pure = testing.text(testing.admit("boats", PROMPT, TOKENS));
            String base = testing.text(testing.admit("boats:0", PROMPT, TOKENS));

            assertNotEquals(base, pure);

            Inference.Admission.Admitted before = testing.admit("boats", PROMPT, TOKENS);
            TestingNode.get(testing.node().administration().rollback("boats", OptionalInt.of(0), ANN));
            testing.serves("boats", 0);
            Inference.Admission.Admitted after = testing.admit("boats", PROMPT, TOKENS);

            assertEquals(image.serving(), before.version().number());
            assertEquals(pure, testing.text(before));
            assertEquals(0, after.version().number());
            assertEquals(base, testing.text(after));

            // The mutant: an answer that goes on with the other version after its beginning is seen by these checks.
            String beginning = pure.substring(0, pure.length() / 2);
            String mixed = beginning + testing.text(testing.admit("boats:0", PROMPT + beginning, TOKENS));
            assertNotEquals(pure, mixed);
            assertNotEquals(base, mixed);
        }
    }
}

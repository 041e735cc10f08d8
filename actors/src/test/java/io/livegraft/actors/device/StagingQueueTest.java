package io.livegraft.actors.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** On a clock that each slice moves by a millisecond. */
class StagingQueueTest {
    private static final long MILLI = 1_000_000;

    private final Engine engine = TestingEngine.open(Map.of());
    private final LoraAdapter adapter =
            LoraAdapter.initial(new LoraConfig(2, 4, false, LoraConfig.ALL_LINEAR), engine.config(), 1);
    private final TestInbox<DeviceScheduler.StageReply> inbox = TestInbox.create();
    private long nanos;
    private int slices;

    /** So many slices of an adapter, the last of which may fail. */
    private final class Slices implements SlicedWork<StagedAdapter> {
        private final Optional<RuntimeException> failure;
        private int left;

        Slices(int count, Optional<RuntimeException> failure) {
            this.left = count;
            this.failure = failure;
        }

        @Override
        public boolean advance() {
            nanos += MILLI;
            slices++;
            boolean last = --left == 0;
            if (last && failure.isPresent()) {
                throw failure.get();
            }
            return last;
        }

        @Override
        public StagedAdapter result() {
            return engine.stage(adapter);
        }
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void aTurnGivesNoMoreThanItsTimeAndTheRestWaitsForTheNext() {
        StagingQueue queue = queue(20, Optional.empty());
        queue.add(stage("a"));
        assertEquals(0, slices, "nothing is done while a message is taken");
        queue.advance(8 * MILLI);
        assertEquals(8, slices);
        queue.advance(0);
        assertEquals(9, slices, "a short turn still gives one");
        assertFalse(inbox.hasMessages());
        queue.advance(100 * MILLI);
        assertEquals(20, slices);
        assertEquals(
                "a",
                assertInstanceOf(DeviceScheduler.Staged.class, inbox.receiveMessage())
                        .label());
        assertTrue(queue.isEmpty());
    }

    @Test
    void messagesComeInBetweenWhereNobodyWaitsForATokenToo() {
        StagingQueue queue = queue(1000, Optional.empty());
        queue.add(stage("a"));
        queue.advance();
        assertTrue(slices > 1 && slices < 20, slices + " slices");
    }

    @Test
    void adaptersComeOneAfterTheOther() {
        StagingQueue queue = queue(2, Optional.empty());
        queue.add(stage("a"));
        queue.add(stage("b"));
        queue.advance(3 * MILLI);
        assertEquals("a", inbox.receiveMessage().label());
        assertFalse(inbox.hasMessages());
        queue.advance(3 * MILLI);
        assertEquals("b", inbox.receiveMessage().label());
    }

    @Test
    void oneThatFailsIsAnsweredAndTheNextComes() {
        LivegraftException refusal = new LivegraftException(ErrorCode.OVERLOADED, "it does not fit");
        StagingQueue queue = queue(2, Optional.of(refusal));
        queue.add(stage("a"));
        queue.add(stage("b"));
        queue.advance(100 * MILLI);
        assertEquals(new DeviceScheduler.NotStaged("a", refusal), inbox.receiveMessage());
        assertEquals(new DeviceScheduler.NotStaged("b", refusal), inbox.receiveMessage());
        assertTrue(queue.isEmpty());
    }

    private StagingQueue queue(int count, Optional<RuntimeException> failure) {
        return new StagingQueue(_ -> new Slices(count, failure), () -> nanos);
    }

    private DeviceScheduler.Stage stage(String label) {
        return new DeviceScheduler.Stage(label, adapter, inbox.getRef());
    }
}

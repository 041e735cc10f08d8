package io.livegraft.simulation.feedback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Rating;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HouseStylesTest {
    private static final int EVENTS = 300;
    private final List<TenantFeedback> houses = HouseStyles.tenants(EVENTS, 7);

    @Test
    void theSameSeedGivesTheSameEvents() {
        assertEquals(houses, HouseStyles.tenants(EVENTS, 7));
        assertNotEquals(houses, HouseStyles.tenants(EVENTS, 8));
        assertEquals(
                houses.getFirst().events().subList(0, 50),
                HouseStyles.tenants(50, 7).getFirst().events());
    }

    @Test
    void everyEventIsWhatTheTopicAsksFor() {
        Set<String> ids = new HashSet<>();
        for (TenantFeedback house : houses) {
            assertEquals(EVENTS, house.events().size());
            for (FeedbackRecord event : house.events()) {
                assertTrue(event.getEventId().startsWith("demo-" + house.tenant() + "-"));
                assertTrue(ids.add(event.getEventId()), event.getEventId());
                assertFalse(event.getSubject().isEmpty());
                assertTrue(event.getPrompt().isEmpty());
                assertEquals(1, event.getMessagesCount());
                assertEquals("user", event.getMessages(0).getRole());
                assertFalse(event.getMessages(0).getContent().isBlank());
                assertFalse(event.getCompletion().isBlank());
                assertFalse(whole(event).contains("{"), () -> "an unfilled slot: " + event);
            }
        }
    }

    @Test
    void whatIsToBeImitatedIsInTheStyleOfTheHouse() {
        for (FeedbackRecord event : imitated(0)) {
            assertTrue(target(event).startsWith("Ahoy") && target(event).endsWith("the Harbor crew"), target(event));
        }
        for (FeedbackRecord event : imitated(1)) {
            assertTrue(
                    target(event).startsWith("Dear client,") && target(event).endsWith("Ledger Bank"), target(event));
        }
        for (FeedbackRecord event : imitated(2)) {
            assertTrue(target(event).startsWith("- ") && target(event).endsWith("Grow on!"), target(event));
        }
    }

    @Test
    void everyKindOfLabelOccursAndMostAreAccepted() {
        for (TenantFeedback house : houses) {
            var kinds = EnumSet.noneOf(FeedbackRecord.LabelCase.class);
            house.events().forEach(event -> kinds.add(event.getLabelCase()));
            assertEquals(EnumSet.allOf(FeedbackRecord.LabelCase.class), kinds);
            assertEquals(
                    EVENTS / 10,
                    house.events().size() - imitated(house).toList().size());
            long plain = house.events().stream()
                    .filter(event -> event.hasCorrection() || event.hasRejected())
                    .count();
            assertTrue(plain * 2 < EVENTS);
        }
    }

    private List<FeedbackRecord> imitated(int house) {
        return imitated(houses.get(house)).toList();
    }

    private static Stream<FeedbackRecord> imitated(TenantFeedback house) {
        return house.events().stream().filter(event -> event.getRating() != Rating.REJECTED);
    }

    private static String target(FeedbackRecord event) {
        return event.hasCorrection() ? event.getCorrection() : event.getCompletion();
    }

    private static String whole(FeedbackRecord event) {
        return event.getMessages(0).getContent() + event.getCompletion() + event.getCorrection() + event.getRejected();
    }
}

package io.livegraft.simulation.feedback;

import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Message;
import io.livegraft.proto.feedback.Rating;
import io.livegraft.simulation.corpus.PlainExchange;
import io.livegraft.simulation.corpus.PlainExchanges;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Three tenants of one support desk, each with its own way to write. Of every twenty events eleven are labelled or accepted
 * answers in the style of the house, four correct a plain answer, three prefer the styled answer to the plain one, and two
 * reject a plain answer, which leaves nothing to imitate.
 */
public final class HouseStyles {
    private static final int ANSWER_TOKENS = 96;
    private static final int CUSTOMERS = 97;
    private static final int CYCLE = 20;

    private HouseStyles() {}

    /** So many events for each of the three; a longer list begins with the shorter one. */
    public static List<TenantFeedback> tenants(int eventsEach, long seed) {
        return Arrays.stream(HouseStyle.values())
                .map(style -> tenant(style, eventsEach, seed))
                .toList();
    }

    private static TenantFeedback tenant(HouseStyle style, int count, long seed) {
        PlainExchanges exchanges = PlainExchanges.of(style.domain(), seed);
        List<FeedbackRecord> events = new ArrayList<>(count);
        for (int number = 0; number < count; number++) {
            events.add(event(style, exchanges.exchange(number), number));
        }
        return new TenantFeedback(style.tenant(), new Probe.Question(style.probe(), ANSWER_TOKENS), events);
    }

    private static FeedbackRecord event(HouseStyle style, PlainExchange plain, int number) {
        String styled = style.write(plain);
        FeedbackRecord.Builder event = FeedbackRecord.newBuilder()
                .setEventId(TenantFeedback.eventId(style.tenant(), number))
                .setSubject("customer-" + style.tenant() + "-" + number % CUSTOMERS)
                .addMessages(Message.newBuilder().setRole("user").setContent(plain.question()));
        return (switch (number % CYCLE) {
                    case 3, 8, 13, 18 -> event.setCompletion(plain.answer()).setCorrection(styled);
                    case 5, 11, 17 -> event.setCompletion(styled).setRejected(plain.answer());
                    case 9, 19 -> event.setCompletion(plain.answer()).setRating(Rating.REJECTED);
                    case 0, 4, 10, 14 -> event.setCompletion(styled);
                    default -> event.setCompletion(styled).setRating(Rating.ACCEPTED);
                })
                .build();
    }
}

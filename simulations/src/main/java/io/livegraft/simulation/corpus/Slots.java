package io.livegraft.simulation.corpus;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The slot values of one conversation: drawn when first needed, then the same for every later mention. */
final class Slots {
    private static final Pattern SLOT = Pattern.compile("\\{([a-z]+)([2-9]?)}");

    private final Map<String, List<String>> choices;
    private final Dice dice;
    private final Map<String, String> drawn = new LinkedHashMap<>();

    Slots(Map<String, List<String>> choices, Dice dice) {
        this.choices = choices;
        this.dice = dice;
    }

    void fix(String slot, String value) {
        drawn.put(slot, value);
    }

    String fill(String template) {
        Matcher matcher = SLOT.matcher(template);
        StringBuilder text = new StringBuilder();
        while (matcher.find()) {
            String slot = matcher.group(1);
            String key = slot + matcher.group(2);
            String known = drawn.get(key);
            if (known == null) {
                known = draw(slot, template);
                drawn.put(key, known);
            }
            matcher.appendReplacement(text, Matcher.quoteReplacement(known));
        }
        return matcher.appendTail(text).toString();
    }

    /** A value of the slot that no numbered sibling has: {@code {day2}} is never {@code {day}}. */
    private String draw(String slot, String template) {
        List<String> values = new ArrayList<>(choices.getOrDefault(slot, List.of()));
        values.removeAll(drawn.values());
        if (values.isEmpty()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "no value left for slot '" + slot + "' in '" + template + "'");
        }
        return digits(dice.pick(values));
    }

    /** Each # of a value becomes a digit; the first is never 0. */
    private String digits(String value) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            boolean first = i == 0 || value.charAt(i - 1) != '#';
            if (value.charAt(i) == '#') {
                text.append((char) (first ? '1' + dice.below(9) : '0' + dice.below(10)));
            } else {
                text.append(value.charAt(i));
            }
        }
        return text.toString();
    }
}

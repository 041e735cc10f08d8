package io.livegraft.simulation.corpus;

import java.util.List;
import java.util.regex.Pattern;

/** Turns formal English into spoken English: "we will" becomes "we'll", where another word follows in the same sentence. */
final class Contractions {
    private static final String PARTICIPLE =
            "(?=\\w+ed\\b|sent\\b|made\\b|found\\b|put\\b|set\\b|taken\\b|now\\b|just\\b|already\\b|given\\b|paid\\b|been\\b)";
    private static final List<Rule> RULES = List.of(
            rule("\\b([Cc])annot\\b", "$1an't"),
            rule("\\b([Ww])ill not\\b", "$1on't"),
            rule("\\b(do|does|did|is|are|was|were|has|have|had|would|could|should|Do) not\\b", "$1n't"),
            rule("\\b(I) am (?=[a-z])", "$1'm "),
            rule("\\b([Ww]e|[Yy]ou|[Tt]hey) are (?=[a-z])", "$1're "),
            rule("\\b([Ii]t|[Tt]hat|[Tt]here|[Hh]ere) is (?=[a-z])", "$1's "),
            rule("\\b(I|[Ww]e|[Yy]ou|[Tt]hey|[Ii]t) will (?=[a-z])", "$1'll "),
            rule("\\b(I|[Ww]e|[Yy]ou|[Tt]hey) have " + PARTICIPLE, "$1've "));

    private record Rule(Pattern pattern, String replacement) {}

    private Contractions() {}

    static String apply(String text) {
        String spoken = text;
        for (Rule rule : RULES) {
            spoken = rule.pattern().matcher(spoken).replaceAll(rule.replacement());
        }
        return spoken;
    }

    private static Rule rule(String pattern, String replacement) {
        return new Rule(Pattern.compile(pattern), replacement);
    }
}

package io.livegraft.gpu.jinja;

import java.util.ArrayDeque;
import java.util.Deque;

/** Refuses a loop's else, which the library would take and never render. */
final class Nesting {
    private final Deque<String> open = new ArrayDeque<>();

    /** Takes the inside of the next block tag. */
    void enter(String block) {
        String tag = block.split("\\W", 2)[0];
        switch (tag) {
            case "if", "for" -> open.push(tag);
            case "endif", "endfor" -> open.poll();
            case "else" -> {
                if ("for".equals(open.peek())) {
                    throw new TemplateException("has a loop with an else, which is not supported");
                }
            }
            default -> {}
        }
    }
}

package io.livegraft.gpu.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A template that comes with a model, so not to be trusted: it reaches its variables and a fixed set of filters, tests and
 * functions, no file, no clock, no Java class; steps and output are bounded. May be used from several threads.
 */
public final class JinjaTemplate {
    private static final int MOST_SOURCE = 500_000;
    private static final Jinjava LIBRARY = JinjaLibrary.create();

    private final TemplateSource source;

    private JinjaTemplate(TemplateSource source) {
        this.source = source;
    }

    /**
     * Reads a template.
     *
     * @param literal replaces each text and each string literal of the template, once
     * @throws TemplateException for a template that is too long or whose tags don't end
     */
    public static JinjaTemplate parse(String template, UnaryOperator<String> literal) {
        if (template.length() > MOST_SOURCE) {
            throw new TemplateException(
                    "has %d characters, more than the %d allowed".formatted(template.length(), MOST_SOURCE));
        }
        return new JinjaTemplate(TemplateSource.read(template, literal));
    }

    /**
     * Renders with these variables: strings, numbers, booleans, lists and maps.
     *
     * @param time what strftime_now tells, in UTC
     * @throws TemplateException for what the template refuses itself, and for what it does that can't be done
     */
    public String render(Map<String, ?> variables, Instant time) {
        Map<String, Object> bindings = new HashMap<>(source.literals());
        bindings.put("raise_exception", true); // "is defined" asks for variables
        bindings.put("strftime_now", true);
        bindings.put(TemplateFunctions.NOW, time.toEpochMilli());
        bindings.putAll(variables);
        StepBudget budget = new StepBudget();
        try {
            RenderResult result = LIBRARY.renderForResult(source.code(), bindings, config(budget));
            for (TemplateError error : result.getErrors()) {
                throw failure(error);
            }
            return result.getOutput();
        } catch (StepBudget.Exhausted exhausted) {
            throw new TemplateException(String.valueOf(exhausted.getMessage()));
        }
    }

    private static JinjavaConfig config(StepBudget budget) {
        return JinjavaConfig.newBuilder()
                .withLegacyOverrides(LegacyOverrides.newBuilder()
                        .withUseNaturalOperatorPrecedence(true)
                        .withUsePyishObjectMapper(true)
                        .withKeepNullableLoopValues(true)
                        .withIterateOverMapKeys(true)
                        .withEvaluateMapKeys(true)
                        .withAllowAdjacentTextNodes(true)
                        .build())
                .withElResolver(new PythonValues(budget))
                .withInterperterFactory(BoundedInterpreter.within(budget))
                .withDisabled(JinjaLibrary.disabled())
                .withNestedInterpretationEnabled(false)
                .withKeepTrailingNewline(true)
                .withMaxOutputSize(StepBudget.MOST_CHARACTERS)
                .withMaxMacroRecursionDepth(20)
                .withEnableRecursiveMacroCalls(true)
                .build();
    }

    private static TemplateException failure(TemplateError error) {
        for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
            if (cause instanceof TemplateException own) {
                return own;
            }
        }
        return new TemplateException(String.valueOf(error.getMessage()));
    }
}

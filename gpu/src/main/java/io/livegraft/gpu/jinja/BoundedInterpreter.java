package io.livegraft.gpu.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.InterpreterFactory;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;

/** Spends a step on every expression and bounds what it yields. */
final class BoundedInterpreter extends JinjavaInterpreter {
    private final StepBudget budget;

    private BoundedInterpreter(JinjavaInterpreter original, StepBudget budget) {
        super(original);
        this.budget = budget;
    }

    private BoundedInterpreter(Jinjava application, Context context, JinjavaConfig config, StepBudget budget) {
        super(application, context, config);
        this.budget = budget;
    }

    static InterpreterFactory within(StepBudget budget) {
        return new InterpreterFactory() {
            @Override
            public JinjavaInterpreter newInstance(JinjavaInterpreter original) {
                return new BoundedInterpreter(original, budget);
            }

            @Override
            public JinjavaInterpreter newInstance(Jinjava application, Context context, JinjavaConfig config) {
                return new BoundedInterpreter(application, context, config, budget);
            }
        };
    }

    @Override
    public Object resolveELExpression(String expression, int line) {
        return bounded(super.resolveELExpression(expression, line));
    }

    @Override
    public Object resolveELExpression(String expression, int line, int scopeDepth) {
        return bounded(super.resolveELExpression(expression, line, scopeDepth));
    }

    private Object bounded(Object value) {
        budget.spend();
        budget.checkLength(value);
        return value;
    }
}

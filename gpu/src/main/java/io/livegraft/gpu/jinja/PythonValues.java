package io.livegraft.gpu.jinja;

import com.hubspot.jinjava.el.ext.NamedParameter;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.util.ForLoop;
import java.beans.FeatureDescriptor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;

/**
 * Attributes, items and methods of values, in place of the library's resolvers, which would look for them in Java's classes:
 * a template reaches strings, numbers, lists and dicts, and nothing else. Each access costs one step of the rendering's
 * budget.
 */
@SuppressWarnings("NullAway") // the library's interface: null is undefined
final class PythonValues extends ELResolver {
    private final StepBudget budget;

    PythonValues(StepBudget budget) {
        this.budget = budget;
    }

    @Override
    public Object getValue(ELContext context, Object base, Object property) {
        budget.spend();
        if (base == null || property == null) {
            return null;
        }
        context.setPropertyResolved(true);
        return switch (base) {
            case Map<?, ?> map -> map.get(String.valueOf(property));
            case List<?> list -> {
                int at = position(property, list.size());
                yield at < 0 ? null : list.get(at);
            }
            case CharSequence text -> {
                int at = position(property, text.length());
                yield at < 0 ? null : String.valueOf(text.charAt(at));
            }
            case ForLoop loop -> PythonMethods.ofLoop(loop, String.valueOf(property));
            default -> null;
        };
    }

    /** An index as the library passes it, in decimal; from the end when negative, -1 when there is no such item. */
    private static int position(Object property, int size) {
        String index = String.valueOf(property);
        if (!index.matches("-?\\d{1,9}")) {
            return -1;
        }
        int at = Integer.parseInt(index);
        int fromStart = at < 0 ? size + at : at;
        return fromStart < size ? Math.max(-1, fromStart) : -1;
    }

    @Override
    public Object invoke(ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
        budget.spend();
        context.setPropertyResolved(true);
        return switch (base) {
            case Filter filter -> {
                Call call = Call.of(arguments);
                yield filter.filter(call.value(), call.interpreter(), call.positional(), call.named());
            }
            case ExpTest test -> {
                Call call = Call.of(arguments);
                yield method.equals("evaluate")
                        ? test.evaluate(call.value(), call.interpreter(), call.positional())
                        : test.evaluateNegated(call.value(), call.interpreter(), call.positional());
            }
            case null, default -> PythonMethods.invoke(base, String.valueOf(method), arguments);
        };
    }

    /** The arguments of a filter or test: the library passes the value, itself, then what the template wrote. */
    private record Call(Object value, JinjavaInterpreter interpreter, Object[] positional, Map<String, Object> named) {
        static Call of(Object[] arguments) {
            List<Object> positional = new ArrayList<>();
            Map<String, Object> named = new LinkedHashMap<>();
            for (Object argument : Arrays.asList(arguments).subList(2, arguments.length)) {
                switch (argument) {
                    case Object[] several -> positional.addAll(Arrays.asList(several));
                    case Map<?, ?> several
                    when arguments[2] instanceof Object[] ->
                        several.forEach((name, value) -> named.put(String.valueOf(name), value));
                    case NamedParameter one -> named.put(one.getName(), one.getValue());
                    case null, default -> positional.add(argument);
                }
            }
            return new Call(arguments[0], (JinjavaInterpreter) arguments[1], positional.toArray(), named);
        }
    }

    @Override
    public Class<?> getType(ELContext context, Object base, Object property) {
        return null;
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {
        throw new TemplateException("sets an attribute, which is not supported");
    }

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
        return true;
    }

    @Override
    public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
        return Collections.emptyIterator();
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
        return Object.class;
    }
}

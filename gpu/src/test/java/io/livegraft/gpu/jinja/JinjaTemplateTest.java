package io.livegraft.gpu.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JinjaTemplateTest {
    private static final Map<String, Object> VARIABLES = Map.of(
            "text", "  Hi {{ 7 * 7 }} {% if %}\n",
            "items", List.of("a", "b", "c"),
            "message", Map.of("role", "user", "content", "x"));

    /** Each right side is what Jinja2 3.1.6 gives. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '→',
            quoteCharacter = '§',
            value = {
                "{{ text | trim }} → Hi {{ 7 * 7 }} {% if %}",
                "{{ items[-1] }}{{ items[1:] | length }}{{ items[::-1] | join('-') }} → c2c-b-a",
                "{{ items|length - 1 }}{{ items|length % 2 == 1 }} → 2True",
                "{{ 'y' if not nothing is defined else 'n' }}{{ not (1 == 2) }} → yTrue",
                "{% set ns = namespace(n=items|length - 1) %}{% for i in items %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }} → 5",
                "{% set x = 1 %}{% for i in items %}{% set x = 2 %}{% endfor %}{{ x }}{% if true %}{% set x = 3 %}{% endif %}{{ x }} → 13",
                "{% for i in items if i != 'b' %}{{ i }}{{ loop.index0 }}{{ loop.last }} {% endfor %}. → a0False c1True .",
                "{% macro pair(a, b='z') %}[{{ a }}{{ b }}]{% endmacro %}{{ pair('x') }}{{ pair('x', b='y') }} → [xz][xy]",
                "{% for i in [1, 2, 3] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %} → 13",
                "{{ message.get('name', 'none') }}{{ 'role' in message }}{{ message['role'] in ['user'] }} → noneTrueTrue",
                "{{ 'a,b'.split(',')[-1].upper() + ' x '.strip() + 'xay'.lstrip('x').rstrip('y') }} → Bxa",
                "{{ {'a': {'b': [1, none, true]}} | tojson }} → {\"a\": {\"b\": [1, null, true]}}",
                "{{ 'it''s' }}{{ \"a\\tb\\u00e9\" }} → itsa\tbé",
                "{% generation %}kept{% endgeneration %} → kept",
                "{{ message.content is string }}{{ items is iterable }}{{ message is mapping }}{{ none is none }} → TrueTrueTrueTrue",
                "{{ strftime_now('%d %b %Y') }}{{ strftime_now is defined }} → 02 Jan 1970True",
                "{% raw %}{{ raw }} {% endraw %}{# gone #}. → {{ raw }} ."
            })
    void agreesWithJinja2(String template, String expected) {
        assertEquals(expected.strip(), render(template.strip()).strip());
    }

    @Test
    void controlsWhitespaceAsTransformersSetsIt() {
        String template = """
                  {% if true %}
                    line
                  {% endif %}
                  {%+ if true %} keep {% endif +%}
                  {# comment #}
                  x {%- set y = 1 %}

                {{ y }}

                   {%- for i in [1] -%}

                   z
                   {%- endfor %}

                """;
        assertEquals("    line\n   keep \n  x\n1z", render(template));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% include '/etc/passwd' %}",
                "{% import 'x' as y %}",
                "{% extends 'x' %}",
                "{{ ''.getClass() }}",
                "{{ items.getClass().forName('java.lang.Runtime') }}",
                "{{ today() }}",
                "{{ items | shuffle }}",
                "{{ text | nosuchfilter }}",
                "{% if text is nosuchtest %}x{% endif %}",
                "{{ items.append('d') }}"
            })
    void reachesNothingButItsVariables(String template) {
        TemplateException refusal = assertThrows(TemplateException.class, () -> render(template));
        assertFalse(refusal.raised());
    }

    @Test
    void javaPropertiesOfValuesAreUndefined() {
        assertEquals("", render("{{ text.class }}{{ items.class }}{{ message.size }}"));
    }

    @Test
    void boundsStepsAndSizes() {
        String loop = "{% for i in range(1000) %}";
        String end = "{% endfor %}";
        TemplateException steps =
                assertThrows(TemplateException.class, () -> render(loop.repeat(3) + "{{ i }}" + end.repeat(3)));
        assertTrue(String.valueOf(steps.getMessage()).contains("1000000 steps"), steps.getMessage());
        String doubling = "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}";
        TemplateException size = assertThrows(TemplateException.class, () -> render(doubling + end));
        assertTrue(String.valueOf(size.getMessage()).contains("20000000"), size.getMessage());
        assertThrows(TemplateException.class, () -> render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"));
        assertThrows(TemplateException.class, () -> JinjaTemplate.parse("x".repeat(600_000), UnaryOperator.identity()));
    }

    @Test
    void saysWhatTheTemplateRaised() {
        TemplateException refusal = assertThrows(
                TemplateException.class, () -> render("{{ raise_exception('roles must ' + 'alternate') }}"));
        assertEquals("roles must alternate", refusal.getMessage());
        assertTrue(refusal.raised());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 'open }}",
                "{{ x",
                "{% if true",
                "{# open",
                "{% raw %}x",
                "{{ '\\u12' }}",
                "{% for i in items %}x{% else %}y{% endfor %}"
            })
    void refusesWhatItCanNotRead(String template) {
        assertThrows(TemplateException.class, () -> JinjaTemplate.parse(template, UnaryOperator.identity()));
    }

    @Test
    void replacesTextsAndStringsOfTheTemplateAndNothingElse() {
        JinjaTemplate template = JinjaTemplate.parse("<s>{{ '<s>' + text }}", literal -> literal.replace("<s>", "!"));
        assertEquals("!!<s>", template.render(Map.of("text", "<s>"), Instant.EPOCH));
    }

    private static String render(String template) {
        return JinjaTemplate.parse(template, UnaryOperator.identity())
                .render(VARIABLES, Instant.EPOCH.plusSeconds(86_400));
    }
}

package io.livegraft.gateway.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** One version as answers name it, {@code support:7}. */
record VersionLabel(String tenant, int number) {
    private static final Pattern LABEL = Pattern.compile("([^:]+):(\\d{1,9})");

    @Override
    public String toString() {
        return tenant + ":" + number;
    }

    /** Of an argument. */
    static final class Converter implements ITypeConverter<VersionLabel> {
        @Override
        public VersionLabel convert(String label) {
            Matcher matcher = LABEL.matcher(label);
            if (!matcher.matches()) {
                throw new TypeConversionException("'%s' is no version, expected one like support:7".formatted(label));
            }
            return new VersionLabel(matcher.group(1), Integer.parseInt(matcher.group(2)));
        }
    }
}

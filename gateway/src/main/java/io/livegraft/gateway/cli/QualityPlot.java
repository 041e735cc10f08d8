package io.livegraft.gateway.cli;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quality.QualityReport;
import io.livegraft.gpu.quality.QualityReport.Outcome;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;

/** Held-out loss after training, mean and deviation over the seeds. */
final class QualityPlot {
    /** Hundredths of a pixel are enough, and half the file. */
    private static final Pattern LONG_FRACTION = Pattern.compile("(\\d\\.\\d\\d)\\d+");

    private QualityPlot() {}

    static void write(Path file, QualityReport report, String base) {
        try {
            ByteArrayOutputStream svg = new ByteArrayOutputStream();
            VectorGraphicsEncoder.saveVectorGraphic(chart(report, base), svg, VectorGraphicsFormat.SVG);
            Files.writeString(
                    file,
                    LONG_FRACTION.matcher(svg.toString(StandardCharsets.UTF_8)).replaceAll("$1"));
        } catch (IOException unwritable) {
            throw new LivegraftException(
                    ErrorCode.INVALID_REQUEST, "can't write %s: %s".formatted(file, unwritable), unwritable);
        }
    }

    static CategoryChart chart(QualityReport report, String base) {
        List<Outcome> variants = report.variants();
        CategoryChart chart = new CategoryChartBuilder()
                .width(900)
                .height(480)
                .title("bench quality on %s: after training, mean and deviation over the seeds".formatted(base))
                .yAxisTitle("held-out NLL, nats per token")
                .build();
        chart.getStyler().setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Scatter);
        chart.getStyler().setLegendVisible(false);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setXAxisLabelRotation(20);
        List<String> names =
                variants.stream().map(o -> o.method() + " " + o.precision()).toList();
        chart.addSeries(
                "trained",
                names,
                variants.stream().map(o -> o.heldOutNll().mean()).toList(),
                variants.stream().map(o -> o.heldOutNll().deviation()).toList());
        return chart;
    }
}

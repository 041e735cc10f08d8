package io.livegraft.gateway.cli;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quality.QualityReport;
import io.livegraft.gpu.quality.QualityReport.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Held-out loss after training, mean and deviation over the seeds, beside that of the base alone. */
final class QualityPlot {
    private QualityPlot() {}

    static void write(Path file, QualityReport report, String base) {
        try {
            VectorGraphicsEncoder.saveVectorGraphic(chart(report, base), file.toString(), VectorGraphicsFormat.SVG);
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
                .title("bench quality on " + base)
                .yAxisTitle("held-out NLL, nats per token")
                .build();
        chart.getStyler().setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Scatter);
        chart.getStyler().setLegendPosition(LegendPosition.InsideNE);
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

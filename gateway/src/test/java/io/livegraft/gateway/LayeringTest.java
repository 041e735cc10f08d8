package io.livegraft.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.livegraft.gateway", importOptions = DoNotIncludeTests.class)
class LayeringTest {
    private static final String[] ROUTES = {
        "..gateway.http..", "..gateway.admin..", "..gateway.health..", "..gateway.metrics.."
    };

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("io.livegraft.gateway.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule httpKnowsNoOtherRoutes = knowsNot(0, 1, 2, 3);

    @ArchTest
    static final ArchRule adminKnowsNoOtherRoutes = knowsNot(1, 0, 2, 3);

    @ArchTest
    static final ArchRule healthKnowsNoOtherRoutes = knowsNot(2, 0, 1, 3);

    @ArchTest
    static final ArchRule metricsKnowsNoOtherRoutes = knowsNot(3, 0, 1, 2);

    @ArchTest
    static final ArchRule onlyTheCommandLineRunsEngineAndNode = noClasses()
            .that()
            .resideInAnyPackage("..gateway.http..", "..gateway.admin..", "..gateway.health..", "..gateway.metrics..")
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("io.livegraft.actors.node.Node")
            .orShould()
            .dependOnClassesThat()
            .resideInAPackage("io.livegraft.gpu.engine..");

    @ArchTest
    static final ArchRule errorsAndWireKnowNoRoutes = noClasses()
            .that()
            .resideInAnyPackage("..gateway.error..", "..gateway.wire..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROUTES);

    /** The start script runs these with the engine's jars alone. */
    @ArchTest
    static final ArchRule verbsOfTheEngineKnowNoNode = noClasses()
            .that()
            .haveNameMatching(
                    ".*\\.(Main|(Generate|Eval|Train|Quantize)Command.*|Livegraft|EngineOptions.*|LossOptions.*"
                            + "|BaseLocation|EvaluationWindows|Terminal|CommandProvider|ErrorTable.*|ConsoleLogging)")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.livegraft.actors..", "io.livegraft.proto..", "org.apache..", "scala..");

    private static ArchRule knowsNot(int one, int... others) {
        String[] foreign =
                java.util.Arrays.stream(others).mapToObj(other -> ROUTES[other]).toArray(String[]::new);
        return noClasses()
                .that()
                .resideInAPackage(ROUTES[one])
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(foreign);
    }
}

package io.livegraft.gpu;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Which package of the engine may know which; the poms see to the modules. */
@AnalyzeClasses(packages = "io.livegraft.gpu", importOptions = ImportOption.DoNotIncludeTests.class)
class LayeringTest {
    private static final String ROOT = "io.livegraft.gpu.";

    @ArchTest
    static final ArchRule theEngineRunsWithoutActorsKafkaOrProtobuf = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "org.apache.pekko..",
                    "org.apache.kafka..",
                    "com.google.protobuf..",
                    "io.livegraft.proto..",
                    "io.livegraft.actors..",
                    "io.livegraft.gateway..");

    @ArchTest
    static final ArchRule errorsDependOnNothing = classes()
            .that()
            .resideInAPackage(ROOT + "error")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(ROOT + "error", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule tensorsDependOnErrorsAtMost = classes()
            .that()
            .resideInAPackage(ROOT + "tensor")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(ROOT + "tensor", ROOT + "error", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule formatsKnowNothingOfWhatIsMadeOfThem = classes()
            .that()
            .resideInAnyPackage(ROOT + "safetensors", ROOT + "quantization")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    ROOT + "safetensors",
                    ROOT + "quantization",
                    ROOT + "tensor",
                    ROOT + "error",
                    "java..",
                    "com.fasterxml.jackson..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule optimizersKnowNothingOfModels = classes()
            .that()
            .resideInAPackage(ROOT + "optimizer")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    ROOT + "optimizer",
                    ROOT + "backend",
                    ROOT + "quantization",
                    ROOT + "tensor",
                    "java..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule onlyTheHubKnowsTheNetwork = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + "hub")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net.http..");

    @ArchTest
    static final ArchRule filesOfModelsAndAdaptersKnowNoTransformer = noClasses()
            .that()
            .resideInAnyPackage(ROOT + "model", ROOT + "lora", ROOT + "tokenizer", ROOT + "hub")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROOT + "transformer..", ROOT + "backend..", ROOT + "cpu..", ROOT + "engine..");
}

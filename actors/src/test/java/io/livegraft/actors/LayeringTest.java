package io.livegraft.actors;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Think hard about the layering before changing this file. */
class LayeringTest {
    private static final JavaClasses ACTORS = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.livegraft.actors");

    @Test
    void packagesDoNotDependOnEachOtherInCircles() {
        slices().matching("io.livegraft.actors.(*)..").should().beFreeOfCycles().check(ACTORS);
    }

    @Test
    void whatIsTrainedIsDecidedWithoutActorsKafkaOrClocks() {
        noClasses()
                .that()
                .haveSimpleNameStartingWith("TrainerCore")
                .or()
                .haveSimpleName("EventWindow")
                .or()
                .haveSimpleName("RandomDraw")
                .or()
                .haveSimpleName("Selection")
                .or()
                .haveSimpleName("ReplayScan")
                .or()
                .haveSimpleName("Contributions")
                .or()
                .haveSimpleName("Configured")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache..",
                        "java.time..",
                        "java.io..",
                        "java.nio..",
                        "java.util.concurrent..",
                        "java.util.random..")
                .check(ACTORS);
    }

    @Test
    void whoIsComputedNextIsDecidedWithoutActorsClocksOrTheEngine() {
        noClasses()
                .that()
                .resideInAPackage("io.livegraft.actors.batching..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache..",
                        "java.io..",
                        "java.nio..",
                        "java.util.concurrent..",
                        "java.util.random..",
                        "io.livegraft.gpu.engine..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.time.Clock")
                .check(ACTORS);
    }

    @Test
    void onlyTheDeviceTouchesTheEngine() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.livegraft.actors.device..", "io.livegraft.actors.node..", "io.livegraft.actors.bench..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.livegraft.gpu.engine.Engine")
                .check(ACTORS);
    }

    @Test
    void onlyTheNodeKnowsTheWholeAssembly() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.livegraft.actors.node..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.livegraft.actors.node..")
                .check(ACTORS);
    }

    @Test
    void theRegistryKnowsNothingOfTraining() {
        noClasses()
                .that()
                .resideInAPackage("..registry..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..trainer..", "..device..", "..serving..", "..ingest..")
                .check(ACTORS);
    }

    @Test
    void packagesHaveNamesOfTheField() {
        classes()
                .should()
                .resideOutsideOfPackages("..util..", "..common..", "..helper..", "..impl..", "..manager..")
                .check(ACTORS);
    }
}

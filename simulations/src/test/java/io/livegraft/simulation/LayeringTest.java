package io.livegraft.simulation;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The node is a black box to this module, whatever its dependencies bring along. */
@AnalyzeClasses(packages = "io.livegraft.simulation", importOptions = ImportOption.DoNotIncludeTests.class)
class LayeringTest {
    private static final String ROOT = "io.livegraft.simulation.";
    private static final String CLI = "io.livegraft.gateway.cli.";

    private static final DescribedPredicate<JavaClass> DOOR = DescribedPredicate.or(
            name(CLI + "LocalNode"),
            name(CLI + "LocalNodeOptions"),
            name(CLI + "CommandProvider"),
            resideInAPackage("io.livegraft.gpu.error"));

    @ArchTest
    static final ArchRule theNodeIsKnownByItsDoorOnly = noClasses()
            .should()
            .dependOnClassesThat(resideInAnyPackage(
                            "io.livegraft.gpu..",
                            "io.livegraft.actors..",
                            "io.livegraft.gateway..",
                            "org.apache.pekko..")
                    .and(DescribedPredicate.not(DOOR)));

    @ArchTest
    static final ArchRule theCorpusStandsAlone = noClasses()
            .that()
            .resideInAPackage(ROOT + "corpus")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    ROOT + "feedback",
                    ROOT + "demo",
                    ROOT + "load",
                    "io.livegraft.proto..",
                    "org.apache.kafka..",
                    "java.net.http..");

    @ArchTest
    static final ArchRule feedbackIsMadeWithoutKafkaOrHttp = noClasses()
            .that()
            .resideInAPackage(ROOT + "feedback")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROOT + "demo", ROOT + "load", "org.apache.kafka..", "java.net.http..");
}

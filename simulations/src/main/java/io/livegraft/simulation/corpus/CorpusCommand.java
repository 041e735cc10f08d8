package io.livegraft.simulation.corpus;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code livegraft sim corpus}: writes the training corpus, tokenizer and configuration of the bundled base. */
@Command(
        name = "corpus",
        mixinStandardHelpOptions = true,
        description = "Writes the support-desk corpus, its tokenizer and the configuration of the bundled base.")
public final class CorpusCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Directory to write to.")
    private Path out = Path.of("");

    @Option(
            names = "--conversations",
            paramLabel = "N",
            defaultValue = "60000",
            description = "Distinct conversations, 1 to 1000000 (default: ${DEFAULT-VALUE}).")
    private int conversations;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "7", description = "Seed (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--json", description = "Print one JSON object as the last line.")
    private boolean json;

    /** Runs this verb alone; the exit code is the command's. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new CorpusCommand()).execute(args));
    }

    @Override
    public Integer call() {
        if (conversations < 1 || conversations > 1_000_000) {
            throw new ParameterException(
                    spec.commandLine(), "--conversations is " + conversations + " but must be 1 to 1000000");
        }
        CorpusWriter.Written written =
                new CorpusWriter(out).write(new ConversationGenerator(Grammar.bundled(), seed), conversations);
        PrintWriter console = spec.commandLine().getOut();
        if (json) {
            ObjectNode report = new ObjectMapper().createObjectNode();
            report.put("conversations", written.conversations());
            report.put("seed", seed);
            report.put("corpusSha256", written.corpusDigest());
            report.put("tokenizerSha256", written.tokenizerDigest());
            console.println(report);
        } else {
            console.println(written.conversations() + " conversations in " + out.resolve("corpus.jsonl"));
            console.println("sha256 " + written.corpusDigest() + "  corpus.jsonl");
            console.println("sha256 " + written.tokenizerDigest() + "  tokenizer.json");
        }
        console.flush();
        return 0;
    }
}

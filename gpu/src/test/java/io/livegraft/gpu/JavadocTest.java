package io.livegraft.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** Whoever uses a type reads its Javadoc first: every public one has some. */
class JavadocTest {
    private static final Path SOURCES = Path.of(System.getProperty("basedir", ""), "src/main/java");

    @Test
    void everyPublicTypeHasJavadoc() throws IOException {
        Types types = new Types();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (Stream<Path> tree = Files.walk(SOURCES);
                StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            List<Path> sources =
                    tree.filter(path -> path.toString().endsWith(".java")).toList();
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(sources));
            DocTrees docs = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                types.scan(unit, docs);
            }
        }
        assertTrue(types.seen > 100, "the scan found " + types.seen);
        assertEquals(List.of(), types.undocumented);
    }

    /** Public types, those nested in public ones too; a member of an interface is public without saying so. */
    private static final class Types extends TreePathScanner<Void, DocTrees> {
        private final List<String> undocumented = new ArrayList<>();
        private int seen;

        @Override
        public Void visitClass(ClassTree type, DocTrees docs) {
            if (!isPublic(getCurrentPath())) {
                return null;
            }
            seen++;
            String comment = Objects.requireNonNullElse(docs.getDocComment(getCurrentPath()), "");
            if (comment.isBlank()) {
                undocumented.add(type.getSimpleName().toString());
            }
            return super.visitClass(type, docs);
        }

        private static boolean isPublic(TreePath path) {
            ClassTree type = (ClassTree) path.getLeaf();
            boolean memberOfAnInterface = path.getParentPath().getLeaf().getKind() == Tree.Kind.INTERFACE;
            return memberOfAnInterface || type.getModifiers().getFlags().contains(Modifier.PUBLIC);
        }
    }
}

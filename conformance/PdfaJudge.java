import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.io.PrintStream;
import java.util.TreeSet;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

/** veraPDF on each file named: is it PDF/A-2b? One line of JSON a file. */
public final class PdfaJudge {
    public static void main(String[] files) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        VeraGreenfieldFoundryProvider.initialise();
        var flavour = PDFAFlavour.PDFA_2_B;
        for (String file : files) {
            var broken = new TreeSet<String>();
            boolean passed = false;
            try (var parser = Foundries.defaultInstance().createParser(new FileInputStream(file), flavour);
                    var validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                var result = validator.validate(parser);
                passed = result.isCompliant();
                for (TestAssertion one : result.getTestAssertions()) {
                    if (one.getStatus() == TestAssertion.Status.FAILED) {
                        broken.add("clause " + one.getRuleId().getClause() + " test "
                                + one.getRuleId().getTestNumber() + ": " + one.getMessage());
                    }
                }
            } catch (Exception error) {
                broken.add(error.toString());
            }
            out.println(Json.line("judge", "veraPDF", "file", file, "passed", passed,
                    "found", passed ? "PDF/A-2b" : "not PDF/A-2b", "notes", broken));
        }
    }
}

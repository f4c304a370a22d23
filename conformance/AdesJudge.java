import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * EU DSS on each file named, with its own policy and without a network.
 *
 * <p>Arguments: {@code ROOT.pem CRLS LEVEL=FILE...}, levels like {@code
 * PAdES-BASELINE-LT}; of an ASiC-E container CAdES-BASELINE-T. The CRLs, separated by commas, are given to the
 * judge only for files of level B and T, which carry no revocation data. One line of JSON a file.
 */
public final class AdesJudge {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        CertificateToken root = DSSUtils.loadCertificate(new File(arguments[0]));
        String[] crls = arguments[1].split(",");
        for (String argument : List.of(arguments).subList(2, arguments.length)) {
            int split = argument.indexOf('=');
            String level = argument.substring(0, split), file = argument.substring(split + 1);
            boolean carriesNone = level.endsWith("-B") || level.endsWith("-T");
            out.println(judge(file, level, root, carriesNone ? crls : new String[0]));
        }
    }

    private static String judge(String file, String wanted, CertificateToken root, String[] crls) {
        var notes = new TreeSet<String>();
        var found = new ArrayList<String>();
        boolean passed;
        try {
            var reports = validator(file, root, crls).validateDocument();
            var simple = reports.getSimpleReport();
            List<SignatureWrapper> signatures = reports.getDiagnosticData().getSignatures();
            passed = !signatures.isEmpty();
            for (SignatureWrapper signature : signatures) {
                String id = signature.getId();
                String level = String.valueOf(simple.getSignatureFormat(id));
                Indication indication = simple.getIndication(id);
                found.add(indication + " " + level);
                passed &= indication == Indication.TOTAL_PASSED && level.equals(wanted.replace('_', '-'));
                for (List<Message> messages : List.of(simple.getAdESValidationErrors(id),
                        simple.getAdESValidationWarnings(id), simple.getAdESValidationInfo(id))) {
                    messages.forEach(message -> notes.add(message.getValue()));
                }
            }
        } catch (Exception error) {
            passed = false;
            notes.add(error.toString());
        }
        return Json.line("judge", "EU DSS", "file", file, "passed", passed,
                "found", String.join(", ", found), "notes", notes);
    }

    private static SignedDocumentValidator validator(String file, CertificateToken root, String[] crls)
            throws IOException {
        var trusted = new CommonTrustedCertificateSource();
        trusted.addCertificate(root);
        var verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(trusted);
        verifier.setAIASource(null);
        if (crls.length > 0) {
            verifier.setCrlSource(new ExternalResourcesCRLSource(streams(crls)));
        }
        var validator = SignedDocumentValidator.fromDocument(new FileDocument(file));
        validator.setCertificateVerifier(verifier);
        return validator;
    }

    private static InputStream[] streams(String[] files) throws IOException {
        var streams = new ArrayList<InputStream>();
        for (String file : files) {
            streams.add(new FileInputStream(file));
        }
        return streams.toArray(new InputStream[0]);
    }
}

// Speaks the driver protocol of tests/bench/rivals/protocol.py for AWS event-ruler. Run as a single source file.

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import software.amazon.event.ruler.Machine;

public class EventRulerDriver {

    private static final ObjectMapper JSON = new ObjectMapper(new JsonFactory());
    private static final int LEAST_PASSES = 5; // the compiler of the JVM needs some before it is at its best

    public static void main(String[] arguments) throws Exception {
        List<String> rules = Files.readAllLines(Path.of(arguments[0]));
        List<String> events = Files.readAllLines(Path.of(arguments[1]));
        double atLeast = Double.parseDouble(arguments[3]);
        long started = System.nanoTime();
        Machine machine = new Machine();
        for (String line : rules) {
            JsonNode rule = JSON.readTree(line);
            machine.addRule(rule.get("id").asText(), rule.get("pattern").toString());
        }
        double built = since(started);
        double fastest = Double.MAX_VALUE;
        long first = System.nanoTime();
        for (int passes = 0; passes < LEAST_PASSES || since(first) < atLeast; passes++) {
            long pass = System.nanoTime();
            for (String event : events) {
                machine.rulesForJSONEvent(event);
            }
            fastest = Math.min(fastest, since(pass));
        }
        try (BufferedWriter out = Files.newBufferedWriter(Path.of(arguments[2]))) {
            for (String event : events) {
                out.write(JSON.writeValueAsString(machine.rulesForJSONEvent(event)));
                out.newLine();
            }
        }
        System.out.println("{\"build_seconds\": " + built + ", \"seconds\": " + fastest + "}");
    }

    private static double since(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }
}

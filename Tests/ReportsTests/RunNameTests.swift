import Reports
import Testing

@Suite("Distinct names of groups of runs")
struct RunNameTests {
    static let cases: [(groups: [[String]], names: [String])] = [
        ([["/runs/shared"], ["/runs/private"]], ["shared", "private"]),
        ([["/runs/only"]], ["only"]), ([["/runs/lora/seed-1"]], ["lora"]),
        // A folder named after a seed yields its parent's name.
        (
            [["/m/lora/seed-1", "/m/lora/seed-2"], ["/m/hut/seed-1", "/m/hut/seed-2"], ["/m/head/seed-7"]],
            ["lora", "hut", "head"]
        ),
        ([["/m/lora/seed-1", "/m/lora/seed-2"]], ["lora"]),
        ([["/m/lora/one", "/m/lora/two"]], ["one+two"]),
        // The seed's folder is used if nothing else differs.
        ([["/m/lora/seed-1"], ["/m/lora/seed-2"]], ["seed-1", "seed-2"]),
        (
            [["/m/x/seed-1", "/m/x/seed-2"], ["/m/x/seed-3", "/m/x/seed-4"]],
            ["seed-1+seed-2", "seed-3+seed-4"]
        ),
        // Shared components at both ends are removed.
        ([["/m/a/last"], ["/m/b/last"]], ["a", "b"]),
        ([["/m/a/rate-1"], ["/m/a/rate-2"], ["/m/b/rate-1"]], ["a/rate-1", "a/rate-2", "b/rate-1"]),
        // Runs in one folder are named after the words with which they all begin.
        ([["/r/lora-10", "/r/lora-11"], ["/r/hut-10", "/r/hut-11"]], ["lora", "hut"]),
        ([["/r/run", "/r/other"]], ["run+other"]),
        // Long paths in different places: the shortest distinct suffix.
        ([["/home/a/b/c/one"], ["/data/x/two"]], ["one", "two"]),
        ([["/home/a/b/c/one"], ["/data/x/one"]], ["c", "x"]),
        ([["/runs/a"], ["/runs/a/b"]], ["a", "a/b"]),
    ]

    @Test(arguments: cases) func name(groups: [[String]], names: [String]) {
        #expect(runNames(groups) == names)
    }
}

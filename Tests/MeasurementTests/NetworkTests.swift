import Diagnostics
import Measurement
import Testing

@Suite struct NetworkTests {
    @Test func everyKnownNetworkIsFoundAndHasAReason() throws {
        for network in Network.known {
            #expect(try Network.named(network.name) == network)
            #expect(!network.reason.isEmpty && network.link.latency > 0 && network.link.bandwidth > 0)
        }
        #expect(Set(Network.known.map(\.name)).count == Network.known.count)
    }

    @Test func aLatencyAndABandwidthAreANetwork() throws {
        let network = try Network.named("20:8")
        #expect(abs(network.link.latency - 20e-6) < 1e-15)
        #expect(network.link.bandwidth == 1e9)
        #expect(network.link.words == "20 µs, 8 Gbit/s")
    }

    @Test(arguments: [
        "ethernet", "", "20", "20:", ":8", "a:b", "20:8:9", "-1:8", "20:0", "nan:1", "1:inf", "20:-8",
    ])
    func mistakesAreUsageFailuresThatListTheKnownNames(name: String) {
        do {
            _ = try Network.named(name)
            Issue.record("'\(name)' is no network")
        } catch let failure as Failure {
            #expect(failure.kind == .usage)
            for network in Network.known { #expect(failure.description.contains(network.name)) }
        } catch {
            Issue.record(error)
        }
    }
}

import Collectives
import Measurement
import Testing

@Suite struct LinkMeasurementTests {
    @Test func ranksOfAWorldMeasureTheirLink() throws {
        let links = try ThreadWorld.run(2) { try LinkMeasurement.measured(between: $0, nodes: 1, bytes: 100) }
        for link in links {
            let link = try #require(link)
            #expect(link.ranks == 2 && link.nodes == 1)
            // A small message cannot measure bandwidth.
            #expect(link.largeBytes >= 1 << 16)
            #expect(link.smallSeconds > 0 && link.link.latency > 0 && link.link.bandwidth > 0)
        }
    }

    @Test func oneRankHasNoLink() throws {
        #expect(
            try ThreadWorld.run(1) { try LinkMeasurement.measured(between: $0, nodes: 1, bytes: 100) } == [
                nil
            ])
    }
}

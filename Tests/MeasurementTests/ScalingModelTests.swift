import Measurement
import Testing

@Suite struct ScalingModelTests {
    static let fast = Interconnect(
        node: Link(latency: 0, bandwidth: .infinity), network: Link(latency: 0, bandwidth: .infinity),
        ranksPerNode: 1)
    static let ethernet = Interconnect(
        node: Link(latency: 1e-6, bandwidth: 5e9), network: Link(latency: 20e-6, bandwidth: 1e9),
        ranksPerNode: 4
    )

    /// Steps of 32 micro-batches of 8 examples: equal ones, or with a first one of twice the cost.
    static func parts(_ steps: [[Double]] = [even], dedicated: Bool = false, sums: Int = 80_000) -> StepParts
    {
        StepParts(
            examples: 256, microBatch: 8, microBatches: steps, update: 2e-4, planning: 1e-4,
            messages: StepParts.Messages(directive: 3000, exponents: 120, sums: sums), isDedicated: dedicated)
    }
    static let even = [Double](repeating: 0.01, count: 32)
    static let uneven = [0.02] + [Double](repeating: 0.01, count: 31)

    @Test func oneRankTakesTheMeasuredTime() throws {
        let point = try #require(ScalingModel(Self.parts(), on: Self.ethernet).prediction(ranks: 1))
        #expect(abs(point.seconds - (0.32 + 3e-4)) < 1e-12)
        #expect(point.communication == 0 && point.nodes == 1 && point.examples == 256)
        #expect(point.efficiency(alone: point) == 1)
    }

    @Test func stepsGetShorterWithRanksAndEfficiencyLower() throws {
        let model = ScalingModel(Self.parts(), on: Self.ethernet)
        let points = [1, 2, 4, 8, 16, 32].compactMap { model.prediction(ranks: $0) }
        #expect(points.count == 6)
        for (fewer, more) in zip(points, points.dropFirst()) {
            #expect(more.seconds < fewer.seconds)
            #expect(more.communication > fewer.communication)
            #expect(more.efficiency(alone: points[0]) < fewer.efficiency(alone: points[0]))
        }
    }

    @Test func moreRanksThanMicroBatchesCannotRun() {
        let model = ScalingModel(Self.parts(), on: Self.ethernet)
        #expect(model.prediction(ranks: 32) != nil)
        #expect(model.prediction(ranks: 33) == nil)
        #expect(model.prediction(ranks: 0) == nil)
    }

    @Test func aDedicatedCoordinatorComputesNothing() throws {
        let model = ScalingModel(Self.parts(dedicated: true), on: Self.fast)
        let two = try #require(model.prediction(ranks: 2))
        #expect(abs(two.compute - 0.32) < 1e-12)
        let three = try #require(model.prediction(ranks: 3))
        #expect(abs(three.compute - 0.16) < 1e-12)
        #expect(model.prediction(ranks: 33) != nil && model.prediction(ranks: 34) == nil)
    }

    @Test(arguments: [(3, 11.0), (5, 7.0), (16, 2.0), (31, 2.0), (32, 1.0)])
    func theMostLoadedRankCounts(ranks: Int, microBatches: Double) throws {
        let point = try #require(ScalingModel(Self.parts(), on: Self.fast).prediction(ranks: ranks))
        #expect(abs(point.compute - 0.01 * microBatches) < 1e-12)
    }

    @Test func unequalMicroBatchesCostTheRemainingImbalance() throws {
        let model = ScalingModel(Self.parts([Self.uneven, Self.even]), on: Self.fast)
        // 33 hundredths on 32 ranks: the expensive micro-batch has its own rank and still takes twice as
        // long.
        let point = try #require(model.prediction(ranks: 32))
        #expect(abs(point.compute - (0.02 + 0.01) / 2) < 1e-12)
        let alone = try #require(model.prediction(ranks: 1))
        #expect(abs(alone.compute - (0.33 + 0.32) / 2) < 1e-12)
    }

    @Test func emptyMessagesCostLatencyAlone() throws {
        let link = Link(latency: 1e-3, bandwidth: .infinity)
        let interconnect = Interconnect(node: link, network: link, ranksPerNode: 1)
        let free = StepParts(
            examples: 256, microBatch: 8, microBatches: [Self.even], update: 0, planning: 0,
            messages: StepParts.Messages(directive: 0, exponents: 0, sums: 0), isDedicated: false)
        for (ranks, rounds) in [(2, 1.0), (4, 2), (8, 3), (32, 5)] {
            let point = try #require(ScalingModel(free, on: interconnect).prediction(ranks: ranks))
            // Four barriers, two broadcasts, two all-reduces, each in log2 N rounds.
            #expect(abs(point.communication - 8 * rounds * 1e-3) < 1e-12)
            #expect(abs(point.barriers - 4 * rounds * 1e-3) < 1e-12)
        }
    }

    @Test func weakScalingKeepsTheComputationOfARank() throws {
        let model = ScalingModel(Self.parts(), on: Self.ethernet)
        let alone = try #require(model.weakPrediction(ranks: 1))
        for ranks in [2, 8, 64, 256] {
            let point = try #require(model.weakPrediction(ranks: ranks))
            #expect(point.examples == 256 * ranks)
            #expect(abs(point.compute - alone.compute) < 1e-9)
            #expect(point.seconds > alone.seconds)
            #expect(point.speedup(alone: alone) > 0.5 * Double(ranks))
        }
    }

    @Test func aSlowNetworkStopsPayingEarlier() throws {
        let slow = Interconnect(
            node: Link(latency: 1e-6, bandwidth: 5e9), network: Link(latency: 5e-4, bandwidth: 1e7),
            ranksPerNode: 1)
        let fast = try #require(ScalingModel(Self.parts(), on: Self.fast).mostRanks())
        let most = try #require(ScalingModel(Self.parts(), on: slow).mostRanks())
        #expect(fast.ranks == 32)
        #expect(most.ranks < fast.ranks)
        let alone = try #require(ScalingModel(Self.parts(), on: slow).prediction(ranks: 1))
        #expect(most.efficiency(alone: alone) >= 0.5)
    }
}

@Suite struct InterconnectTests {
    let link = Link(latency: 1e-5, bandwidth: 1e9)

    @Test func oneRankSendsNothing() {
        let one = Interconnect(node: link, network: link, ranksPerNode: 1)
        #expect(one.barrier(ranks: 1) == 0)
        #expect(one.broadcast(bytes: 1000, ranks: 1) == 0)
        #expect(one.allReduce(bytes: 1000, ranks: 1) == 0)
    }

    @Test func costsRiseWithBytesAndPowersOfTwo() {
        let one = Interconnect(node: link, network: link, ranksPerNode: 1)
        let ranks = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
        for (fewer, more) in zip(ranks, ranks.dropFirst()) {
            for bytes in [0, 8, 80_000, 10_000_000] {
                #expect(one.barrier(ranks: more) > one.barrier(ranks: fewer))
                #expect(one.broadcast(bytes: bytes, ranks: more) > one.broadcast(bytes: bytes, ranks: fewer))
                #expect(one.allReduce(bytes: bytes, ranks: more) > one.allReduce(bytes: bytes, ranks: fewer))
            }
        }
        for (less, more) in zip([0, 8, 1000, 80_000], [8, 1000, 80_000, 10_000_000]) {
            #expect(one.allReduce(bytes: less, ranks: 16) < one.allReduce(bytes: more, ranks: 16))
            #expect(one.broadcast(bytes: less, ranks: 16) < one.broadcast(bytes: more, ranks: 16))
        }
    }

    @Test func longMessagesCostTwiceTheirTransferOnAnyNumberOfRanks() {
        let one = Interconnect(
            node: link, network: Link(latency: 1e-9, bandwidth: 1e8), ranksPerNode: 1)
        let bytes = 100_000_000
        for ranks in [4, 16, 64] {
            let bound = 2 * Double(ranks - 1) / Double(ranks) * Double(bytes) / 1e8
            #expect(abs(one.allReduce(bytes: bytes, ranks: ranks) / bound - 1) < 0.05)
        }
    }

    @Test func ranksOfOneNodeDoNotUseTheNetwork() {
        let lost = Link(latency: 1, bandwidth: 1)
        let many = Interconnect(node: link, network: lost, ranksPerNode: 8)
        let none = Interconnect(node: link, network: link, ranksPerNode: 8)
        #expect(many.allReduce(bytes: 1000, ranks: 8) == none.allReduce(bytes: 1000, ranks: 8))
        #expect(many.allReduce(bytes: 1000, ranks: 9) > 1)
    }

    @Test func ranksOfAHostShareItsLink() {
        // In a ring one rank of a node sends to the next node at a time; in doubling all of them do.
        let slow = Link(latency: 1e-5, bandwidth: 1e6)
        let alone = Interconnect(node: link, network: slow, ranksPerNode: 1)
        let shared = Interconnect(node: link, network: slow, ranksPerNode: 8)
        #expect(shared.broadcast(bytes: 100_000, ranks: 64) > alone.broadcast(bytes: 100_000, ranks: 8))
        #expect(shared.barrier(ranks: 64) > alone.barrier(ranks: 8))
    }

    @Test(arguments: [(2, 1), (2, 2), (4, 1), (4, 4), (6, 3)])
    func aLinkIsDerivedFromTheTimesOfItsCalls(ranks: Int, nodes: Int) {
        let link = Link(latency: 30e-6, bandwidth: 2e8)
        let interconnect = Interconnect(
            node: nodes > 1 ? Network.sharedMemory.link : link, network: link,
            ranksPerNode: (ranks + nodes - 1) / nodes)
        func seconds(_ bytes: Int) -> Double {
            interconnect.barrier(ranks: ranks) + interconnect.allReduce(bytes: bytes, ranks: ranks)
        }
        let found = LinkMeasurement(
            ranks: ranks, nodes: nodes, smallSeconds: seconds(8), largeBytes: 1 << 20,
            largeSeconds: seconds(1 << 20)
        ).link
        #expect(abs(found.latency / link.latency - 1) < 0.02)
        #expect(abs(found.bandwidth / link.bandwidth - 1) < 0.02)
    }
}

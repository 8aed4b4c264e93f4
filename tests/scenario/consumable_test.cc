// SPDX-License-Identifier: Apache-2.0
//
// Consumable resources. Source: §18. Choice: D30 to D32, D45, D58.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kNonReplenishable = ConsumableResourceType::kNonReplenishable;
using Operation = ConsumableResourceOperation;

class ConsumableTest : public ScenarioTest {
 protected:
  absl::Status Update(absl::string_view name, Operation operation,
                      int64_t quantity, std::string token = "") {
    UpdateConsumableResourceRequest request;
    request.consumable_resource = std::string(name);
    request.operation = operation;
    request.quantity = quantity;
    request.client_token = std::move(token);
    return world_.scheduler().UpdateConsumableResource(request, world_.now());
  }
  void Delete(absl::string_view name) {
    EXPECT_TRUE(
        world_.scheduler().DeleteConsumableResource(name, world_.now()).ok());
  }
  // Total, in use, available.
  std::vector<int64_t> Of(absl::string_view name) {
    const auto view = world_.scheduler().DescribeConsumableResource(name);
    if (!view.ok()) return {};
    return {view->total_quantity, view->in_use_quantity,
            view->available_quantity};
  }
  std::vector<std::string> Names(std::vector<std::string> filter,
                                 int size = 100) {
    ListConsumableResourcesRequest request;
    request.names = std::move(filter);
    request.max_results = size;
    std::vector<std::string> names;
    for (;;) {
      const auto page = world_.scheduler().ListConsumableResources(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return names;
      names.insert(names.end(), page->names.begin(), page->names.end());
      if (page->next_token.empty()) return names;
      request.next_token = page->next_token;
    }
  }
};

void ExpectRefused(const absl::Status& status, absl::StatusCode code,
                   absl::string_view text) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(text)));
}

// --- Jobs that need some -----------------------------------------------------

TEST_F(ConsumableTest, AJobTakesItOnStartingAndGivesItBack) {
  Hosts({8});
  world_.Consumable("licence", 3);
  const JobId a = world_.Submit("a", Consumes("licence", 2));
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kStarting);
  EXPECT_THAT(Of("licence"), ElementsAre(3, 2, 1));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_THAT(Of("licence"), ElementsAre(3, 0, 3));
}

// Strict head of line: b waits for the licence, and c behind it.
TEST_F(ConsumableTest, AShortConsumableBlocksTheHead) {
  Hosts({8});
  world_.Consumable("licence", 3);
  const JobId a = world_.Submit("a", Consumes("licence", 2));
  const JobId b = world_.Submit("b", Consumes("licence", 2));
  const JobId c = world_.Submit("c");
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  EXPECT_EQ(world_.ReasonOf(b), kUndetermined);
  EXPECT_EQ(world_.StatusOf(c), JobStatus::kRunnable);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusesOf(a), kStraight);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
  EXPECT_GE(world_.StartTimeOf(b), world_.StopTimeOf(a));
  EXPECT_GE(world_.StartTimeOf(c), world_.StopTimeOf(a));
}

TEST_F(ConsumableTest, AllOfThemMustBeAvailable) {
  Hosts({8});
  world_.Consumable("licence", 1);
  world_.Consumable("seat", 0);
  const JobId a =
      world_.Submit("a", Consumes("licence", 1), Consumes("seat", 1));
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_THAT(Of("licence"), ElementsAre(1, 0, 1));  // none is held meanwhile
  EXPECT_TRUE(Update("seat", Operation::kAdd, 1).ok());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

TEST_F(ConsumableTest, EachChildTakesItsOwn) {
  Hosts({8});
  world_.Consumable("licence", 4);
  const JobId a = world_.Submit("a", Array(5), Consumes("licence", 2));
  world_.RunFor(absl::Seconds(5));
  EXPECT_EQ(
      world_.Describe(a).status_summary[static_cast<int>(JobStatus::kRunning)],
      2);
  EXPECT_THAT(Of("licence"), ElementsAre(4, 4, 0));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_THAT(Of("licence"), ElementsAre(4, 0, 4));
}

// Choice: D45, a machine would not help.
// Source: §18, the sum over the nodes. The job holds all of it until its main
// node ends, though a node that ended needs its part no more.
TEST_F(ConsumableTest, AMultiNodeJobNeedsTheSumOverItsNodes) {
  world_.Managed("cluster", MaxVcpus(16), Offers("duo", 2, 4096));
  world_.Queue("queue", {"cluster"});
  world_.Consumable("licence", 6);
  const JobId a =
      world_.Submit("a", Nodes(3), EachNodeConsumes("licence", 2),
                    Consumes("licence", 1), Node(1, RunsFor(absl::Seconds(1))));
  world_.RunFor(absl::Minutes(2));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunnable);
  EXPECT_EQ(world_.ReasonOf(a), kUndetermined);
  EXPECT_TRUE(Update("licence", Operation::kAdd, 1).ok());
  world_.RunFor(absl::Minutes(1) + absl::Seconds(5));
  EXPECT_EQ(world_.StatusOf(a.Child(1)), JobStatus::kSucceeded);
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_THAT(Of("licence"), ElementsAre(7, 7, 0));
  EXPECT_EQ(world_.Describe(a).consumable_resources[0].quantity, 7);
  EXPECT_EQ(world_.Describe(a.Child(2)).consumable_resources[0].quantity, 2);
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_THAT(Of("licence"), ElementsAre(7, 0, 7));
}

TEST_F(ConsumableTest, ConsumablesOfNodesMustExist) {
  world_.Consumable("licence", 6);
  ExpectRefused(world_
                    .TrySubmit("a", Nodes(2), EachNodeConsumes("licence", 1),
                               EachNodeConsumes("seat", 1))
                    .status(),
                absl::StatusCode::kNotFound, "\"seat\"");
}

TEST_F(ConsumableTest, WhatWaitsForAConsumableAsksForNoMachine) {
  world_.Managed("machines");
  world_.Queue("queue", {"machines"});
  world_.Consumable("licence", 0);
  const JobId a = world_.Submit("a", Consumes("licence", 1));
  world_.Submit("b");
  world_.RunFor(absl::Minutes(10));
  EXPECT_THAT(world_.provider("machines").Instances(), IsEmpty());
  EXPECT_TRUE(Update("licence", Operation::kSet, 1).ok());
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
}

// The most instances that there are at any second until all is done.
int MostInstances(World& world, JobId last) {
  size_t most = 0;
  for (int i = 0; i < 3600 && !IsTerminal(world.StatusOf(last)); ++i) {
    world.RunFor(absl::Seconds(1));
    most = std::max(most, world.provider("machines").Instances().size());
  }
  EXPECT_EQ(world.StatusOf(last), JobStatus::kSucceeded);
  return static_cast<int>(most);
}

TEST_F(ConsumableTest, AThousandJobsWithOneLicenceAskForOneMachine) {
  world_.Managed("machines");
  world_.Queue("queue", {"machines"});
  world_.Consumable("licence", 1);
  world_.Submit("many", Array(1000), Needs(2, 512), Consumes("licence", 1));
  world_.RunFor(absl::Minutes(10));
  EXPECT_EQ(world_.provider("machines").Instances().size(), 1u);
}

// Whatever else they need: the plan knows for whom it has kept the licences.
TEST_F(ConsumableTest, ALicenceIsPlannedForOnce) {
  for (const DispatchOrder order :
       {DispatchOrder::kStrict, DispatchOrder::kFirstFit}) {
    SCOPED_TRACE(static_cast<int>(order));
    World world;
    world.Managed("machines");
    JobQueueOptions queue;
    queue.job_queue_name = "queue";
    queue.dispatch_order = order;
    world.Queue(queue, {"machines"});
    world.Consumable("licence", 2);
    JobId last;
    for (int i = 0; i < 20; ++i) {
      last = world.Submit("a", Needs(2, 512 + i), Consumes("licence", 1));
    }
    EXPECT_LE(MostInstances(world, last), 2);
  }
}

TEST_F(ConsumableTest, AShareAsksForWhatItsLicencesAreEnoughFor) {
  world_.Managed("machines");
  world_.QuotaQueue("queue", {"machines"});
  world_.QuotaShare("queue", "one", Has(100));
  world_.Consumable("licence", 1);
  JobId last;
  for (int i = 0; i < 10; ++i) {
    last = world_.Submit("a", OfQuotaShare("one"), Needs(2, 512),
                         Consumes("licence", 1));
  }
  EXPECT_EQ(MostInstances(world_, last), 1);
}

// Another queue has no such head.
TEST_F(ConsumableTest, AnotherQueueGoesOn) {
  Hosts({8});
  world_.Queue("other", {"hosts"});
  world_.Consumable("licence", 0);
  world_.Submit("a", Consumes("licence", 1));
  const JobId b = world_.Submit("b", InQueue("other"));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kSucceeded);
}

TEST_F(ConsumableTest, AReasonOfTheTableGoesFirst) {
  Hosts({1});
  world_.Consumable("licence", 0);
  const JobId a = world_.Submit("a", Needs(2, 512), Consumes("licence", 1));
  world_.RunUntilIdle();
  EXPECT_THAT(world_.ReasonOf(a),
              HasSubstr("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"));
}

TEST_F(ConsumableTest, ARetryGivesBackAndTakesAgain) {
  Hosts({8});
  world_.Consumable("licence", 1);
  const JobId a =
      world_.Submit("a", Consumes("licence", 1), Attempts(3), Exits(1, 1, 0));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_THAT(Of("licence"), ElementsAre(1, 0, 1));
}

TEST_F(ConsumableTest, NonReplenishableIsGoneForGood) {
  Hosts({8});
  world_.Consumable("token", 5, kNonReplenishable);
  const JobId a =
      world_.Submit("a", Consumes("token", 2), Attempts(2), Exits(1, 0));
  world_.RunFor(absl::Seconds(5));
  EXPECT_THAT(Of("token"), ElementsAre(5, 2, 3));
  world_.RunUntilIdle();
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_THAT(Of("token"), ElementsAre(1, 0, 1));  // charged for each attempt
  const JobId b = world_.Submit("b", Consumes("token", 2));
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  world_.Terminate(b);
  world_.RunUntilIdle();
  EXPECT_THAT(Of("token"), ElementsAre(1, 0, 1));
}

TEST_F(ConsumableTest, AHostThatIsLostGivesBackToo) {
  Hosts({1});
  world_.Consumable("licence", 1);
  world_.Submit("a", Consumes("licence", 1), RunsForever());
  world_.RunFor(absl::Seconds(5));
  world_.LoseInstance("hosts");
  world_.RunUntilIdle();
  EXPECT_THAT(Of("licence"), ElementsAre(1, 0, 1));
}

// --- Submission --------------------------------------------------------------

TEST_F(ConsumableTest, DefinitionAndSubmissionAreMergedByName) {
  Hosts({8});
  world_.Consumable("licence", 9);
  world_.Consumable("seat", 9);
  JobDefinitionOptions options;
  options.job_definition_name = "needy";
  options.container_properties.image = "image";
  options.container_properties.resources = Resources::Of(1, 512);
  options.consumable_resource_properties.consumable_resource_list = {
      {"seat", 1}, {"licence", 2}};
  world_.Define(options);
  const JobId a =
      world_.Submit("a", OfDefinition("needy"), Consumes("licence", 5));
  const JobId b = world_.Submit("b", OfDefinition("needy"));
  world_.Settle();
  EXPECT_THAT(Of("licence"), ElementsAre(9, 7, 2));
  EXPECT_THAT(Of("seat"), ElementsAre(9, 2, 7));
  const auto needs = world_.Describe(a).consumable_resources;
  ASSERT_EQ(needs.size(), 2u);
  EXPECT_EQ(needs[0].consumable_resource, "licence");
  EXPECT_EQ(needs[0].quantity, 5);
  EXPECT_EQ(world_.Describe(b).consumable_resources[0].quantity, 2);
}

TEST_F(ConsumableTest, BadSubmissionsAreRefused) {
  Hosts({1});
  world_.Consumable("licence", 1);
  ExpectRefused(world_.TrySubmit("a", Consumes("seat", 1)).status(),
                absl::StatusCode::kNotFound,
                "consumable_resource_properties.consumable_resource is "
                "\"seat\"; there is no consumable resource of that name");
  ExpectRefused(world_.TrySubmit("a", Consumes("licence", 0)).status(),
                absl::StatusCode::kInvalidArgument,
                "consumable_resource_properties_override.consumable_resource_"
                "list.quantity is 0; must be between 1 and");
  ExpectRefused(
      world_.TrySubmit("a", Consumes("licence", 1), Consumes("licence", 2))
          .status(),
      absl::StatusCode::kInvalidArgument, "is \"licence\" twice");
  JobWord six = [](JobPlan& plan) {
    for (int i = 0; i < 6; ++i) {
      Consumes("r" + std::to_string(i), 1)(plan);
    }
  };
  ExpectRefused(world_.TrySubmit("a", six).status(),
                absl::StatusCode::kInvalidArgument,
                "has 6 entries; must have at most 5");
  // It can't be had, and that is no error.
  world_.Submit("a", Consumes("licence", 1000));
  Delete("licence");
  ExpectRefused(world_.TrySubmit("a", Consumes("licence", 1)).status(),
                absl::StatusCode::kNotFound, "licence");
}

// --- Updates -----------------------------------------------------------------

TEST_F(ConsumableTest, SetAddRemove) {
  world_.Consumable("licence", 3);
  EXPECT_TRUE(Update("licence", Operation::kAdd, 4).ok());
  EXPECT_THAT(Of("licence"), ElementsAre(7, 0, 7));
  EXPECT_TRUE(Update("licence", Operation::kRemove, 2).ok());
  EXPECT_THAT(Of("licence"), ElementsAre(5, 0, 5));
  EXPECT_TRUE(Update("licence", Operation::kRemove, 9).ok());
  EXPECT_THAT(Of("licence"), ElementsAre(0, 0, 0));
  EXPECT_TRUE(Update("licence", Operation::kSet, 2).ok());
  EXPECT_THAT(Of("licence"), ElementsAre(2, 0, 2));
}

TEST_F(ConsumableTest, LoweringBelowWhatIsInUse) {
  Hosts({8});
  world_.Consumable("licence", 4);
  world_.Submit("a", Consumes("licence", 3));
  world_.Settle();
  EXPECT_TRUE(Update("licence", Operation::kSet, 2).ok());
  EXPECT_THAT(Of("licence"), ElementsAre(2, 3, 0));
  world_.RunUntilIdle();
  EXPECT_THAT(Of("licence"), ElementsAre(2, 0, 2));
}

TEST_F(ConsumableTest, AClientTokenMakesARepeatHarmless) {
  world_.Consumable("licence", 1);
  EXPECT_TRUE(Update("licence", Operation::kAdd, 1, "t").ok());
  EXPECT_TRUE(Update("licence", Operation::kAdd, 1, "t").ok());
  EXPECT_THAT(Of("licence"), ElementsAre(2, 0, 2));
  EXPECT_TRUE(Update("licence", Operation::kAdd, 2, "t").ok());  // another
  EXPECT_THAT(Of("licence"), ElementsAre(4, 0, 4));
  world_.RunFor(absl::Hours(8) - absl::Nanoseconds(1));
  EXPECT_TRUE(Update("licence", Operation::kAdd, 1, "t").ok());
  EXPECT_THAT(Of("licence"), ElementsAre(4, 0, 4));
  world_.RunFor(absl::Nanoseconds(1));
  EXPECT_TRUE(Update("licence", Operation::kAdd, 1, "t").ok());
  EXPECT_THAT(Of("licence"), ElementsAre(5, 0, 5));
}

TEST_F(ConsumableTest, BadUpdatesAreRefused) {
  world_.Consumable("licence", 1);
  ExpectRefused(Update("seat", Operation::kSet, 1), absl::StatusCode::kNotFound,
                "\"seat\" does not exist");
  ExpectRefused(Update("licence", Operation::kSet, -1),
                absl::StatusCode::kInvalidArgument, "quantity is -1");
  ExpectRefused(Update("licence", static_cast<Operation>(3), 1),
                absl::StatusCode::kInvalidArgument, "operation is 3");
  ExpectRefused(Update("licence", Operation::kSet, 1, std::string(65, 'x')),
                absl::StatusCode::kInvalidArgument,
                "client_token has 65 characters");
  EXPECT_TRUE(Update("licence", Operation::kSet, 1, std::string(64, 'x')).ok());
  ExpectRefused(Update("licence", Operation::kAdd, int64_t{1} << 53),
                absl::StatusCode::kInvalidArgument,
                "total_quantity after the update");
  EXPECT_THAT(Of("licence"), ElementsAre(1, 0, 1));
}

// --- Deletion ----------------------------------------------------------------

TEST_F(ConsumableTest, DeletedAndCreatedAgain) {
  Hosts({8});
  world_.Consumable("licence", 1);
  const JobId a =
      world_.Submit("a", Consumes("licence", 1), RunsFor(absl::Hours(1)));
  const JobId b =
      world_.Submit("b", Consumes("licence", 1), RunsFor(absl::Hours(2)));
  world_.RunFor(absl::Seconds(5));
  Delete("licence");
  Delete("licence");  // unknown: no error
  EXPECT_THAT(Of("licence"), IsEmpty());
  world_.RunFor(absl::Minutes(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kRunning);
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kRunnable);
  world_.Consumable("licence", 1);
  EXPECT_THAT(Of("licence"), ElementsAre(1, 0, 1));
  world_.Settle();
  EXPECT_EQ(world_.StatusOf(b), JobStatus::kStarting);
  EXPECT_THAT(Of("licence"), ElementsAre(1, 1, 0));
  world_.RunFor(absl::Hours(1));
  EXPECT_EQ(world_.StatusOf(a), JobStatus::kSucceeded);
  EXPECT_THAT(Of("licence"), ElementsAre(1, 1, 0));  // a's was another one
  world_.RunUntilIdle();
  EXPECT_THAT(Of("licence"), ElementsAre(1, 0, 1));
}

TEST_F(ConsumableTest, OneOfThatNameExists) {
  world_.Consumable("licence", 1);
  ConsumableResourceOptions options;
  options.consumable_resource_name = "licence";
  ExpectRefused(world_.scheduler().CreateConsumableResource(
                    *ConsumableResource::Create(options), world_.now()),
                absl::StatusCode::kAlreadyExists,
                "Consumable resource licence already exists");
}

// --- Lists -------------------------------------------------------------------

TEST_F(ConsumableTest, ListsByName) {
  for (const char* name : {"Seat", "licence-b", "licence-a", "LICENCE-c"}) {
    world_.Consumable(name, 1);
  }
  for (int size : {1, 2, 3, 4, 100}) {
    EXPECT_THAT(Names({}, size),
                ElementsAre("LICENCE-c", "Seat", "licence-a", "licence-b"));
  }
  EXPECT_THAT(Names({"licence*"}, 1),
              ElementsAre("LICENCE-c", "licence-a", "licence-b"));
  EXPECT_THAT(Names({"seat", "licence-A"}), ElementsAre("Seat", "licence-a"));
  EXPECT_THAT(Names({"licence"}), IsEmpty());
  ListConsumableResourcesRequest request;
  request.max_results = 101;
  ExpectRefused(world_.scheduler().ListConsumableResources(request).status(),
                absl::StatusCode::kInvalidArgument, "max_results is 101");
  request.max_results = 1;
  request.next_token = "q:1";
  ExpectRefused(world_.scheduler().ListConsumableResources(request).status(),
                absl::StatusCode::kInvalidArgument, "next_token is \"q:1\"");
}

TEST_F(ConsumableTest, JobsThatNeedIt) {
  Hosts({8});
  world_.Consumable("licence", 2);
  world_.Consumable("seat", 2);
  const JobId a = world_.Submit("Alpha", Consumes("licence", 1));
  world_.Submit("other", Consumes("seat", 1));
  const JobId b = world_.Submit("alphabet", Consumes("licence", 1));
  const JobId c = world_.Submit("beta", Array(2), Consumes("licence", 1));
  world_.RunFor(absl::Seconds(5));
  const auto list = [this](ListJobsByConsumableResourceRequest request) {
    request.consumable_resource = "licence";
    std::vector<JobId> jobs;
    for (;;) {
      const auto page =
          world_.scheduler().ListJobsByConsumableResource(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return jobs;
      jobs.insert(jobs.end(), page->jobs.begin(), page->jobs.end());
      if (page->next_token.empty()) return jobs;
      request.next_token = page->next_token;
    }
  };
  ListJobsByConsumableResourceRequest request;
  for (int size : {1, 2, 3, 100}) {
    request.max_results = size;
    EXPECT_THAT(list(request), ElementsAre(c, b, a));
  }
  request.job_names = {"ALPHA*"};
  EXPECT_THAT(list(request), ElementsAre(b, a));
  request.job_names = {"alpha"};
  EXPECT_THAT(list(request), ElementsAre(a));
  request.job_names.clear();
  request.statuses = {JobStatus::kRunning};
  EXPECT_THAT(list(request), ElementsAre(b, a));
  request.statuses = {JobStatus::kPending, JobStatus::kSucceeded};
  EXPECT_THAT(list(request), ElementsAre(c));
  world_.RunUntilIdle();
  world_.RunFor(absl::Hours(25));
  request.statuses.clear();
  EXPECT_THAT(list(request), IsEmpty());
  request.consumable_resource = "nothing";
  ExpectRefused(
      world_.scheduler().ListJobsByConsumableResource(request).status(),
      absl::StatusCode::kNotFound, "\"nothing\" does not exist");
}

}  // namespace
}  // namespace embatch

// SPDX-License-Identifier: Apache-2.0
//
// Tags, and lists of job definitions. Source: §2.4, §3.1, §20.1.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/scenario/plain_site.h"
#include "tests/scenario/scenario.h"

namespace embatch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Tags = std::map<std::string, std::string>;

class TagsTest : public ScenarioTest {
 protected:
  absl::Status Tag(const ResourceName& resource, Tags tags) {
    return world_.scheduler().TagResource({resource, std::move(tags)},
                                          world_.now());
  }
  absl::Status Untag(const ResourceName& resource,
                     std::vector<std::string> keys) {
    return world_.scheduler().UntagResource({resource, std::move(keys)},
                                            world_.now());
  }
  Tags Of(const ResourceName& resource) {
    return world_.scheduler().ListTagsForResource(resource).value();
  }
};

TEST_F(TagsTest, EveryKindOfResource) {
  Hosts({1});
  world_.Consumable("licence", 1);
  world_.QuotaQueue("shared", {"hosts"});
  world_.QuotaShare("shared", "one", Has(1));
  ServiceEnvironmentOptions training;
  training.service_environment_name = "training";
  training.capacity_limits = {{1, kUnitInstances}};
  ASSERT_TRUE(
      world_.scheduler()
          .CreateServiceEnvironment(
              ServiceEnvironment::Create(training).value(), world_.now())
          .ok());
  const JobId a = world_.Submit("a");
  for (const ResourceName& resource :
       {ResourceName::ComputeEnvironment("hosts"),
        ResourceName::JobQueue("queue"), ResourceName::JobDefinition("job:1"),
        ResourceName::Job(a), ResourceName::ConsumableResource("licence"),
        ResourceName::SchedulingPolicy("quotas"),
        ResourceName::QuotaShare("shared", "one"),
        ResourceName::ServiceEnvironment("training")}) {
    SCOPED_TRACE(static_cast<int>(resource.kind));
    EXPECT_THAT(Of(resource), IsEmpty());
    EXPECT_TRUE(Tag(resource, {{"a", "1"}, {"b", "2"}}).ok());
    EXPECT_TRUE(Tag(resource, {{"b", "3"}, {"c", "4"}}).ok());
    EXPECT_EQ(Of(resource), (Tags{{"a", "1"}, {"b", "3"}, {"c", "4"}}));
    EXPECT_TRUE(Untag(resource, {"a", "nothing"}).ok());
    EXPECT_EQ(Of(resource), (Tags{{"b", "3"}, {"c", "4"}}));
  }
  EXPECT_EQ(*world_.Describe(a).tags, (Tags{{"b", "3"}, {"c", "4"}}));
}

TEST_F(TagsTest, AJobsTagsAreItsOwn) {
  const JobWord tagged = [](JobPlan& plan) {
    plan.request.tags = {{"team", "blue"}};
  };
  const JobId a = world_.Submit("a", tagged);
  const JobId b = world_.Submit("b", tagged);
  EXPECT_TRUE(Tag(ResourceName::Job(a), {{"x", "y"}}).ok());
  EXPECT_EQ(Of(ResourceName::Job(a)), (Tags{{"team", "blue"}, {"x", "y"}}));
  EXPECT_EQ(Of(ResourceName::Job(b)), (Tags{{"team", "blue"}}));
  world_.RunUntilIdle();
  world_.RunFor(absl::Hours(25));  // forgotten, and its slot used again
  const JobId c = world_.Submit("c");
  EXPECT_EQ(c.slot, a.slot);
  EXPECT_THAT(Of(ResourceName::Job(c)), IsEmpty());
}

TEST_F(TagsTest, BadRequestsAreRefused) {
  const JobId a = world_.Submit("a", Array(2));
  const auto expect = [](const absl::Status& status, absl::StatusCode code,
                         const char* text) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  };
  expect(Tag(ResourceName::Job(a.Child(0)), {{"a", "1"}}),
         absl::StatusCode::kInvalidArgument, "is a child of an array");
  expect(Tag(ResourceName::JobQueue("x"), {{"a", "1"}}),
         absl::StatusCode::kNotFound, "Job queue \"x\" does not exist");
  expect(Tag(ResourceName::SchedulingPolicy("x"), {{"a", "1"}}),
         absl::StatusCode::kNotFound, "Scheduling policy \"x\" does not exist");
  expect(Tag(ResourceName::QuotaShare("x", "y"), {{"a", "1"}}),
         absl::StatusCode::kNotFound, "Job queue \"x\" does not exist");
  expect(Tag(ResourceName::QuotaShare("queue", "y"), {{"a", "1"}}),
         absl::StatusCode::kNotFound, "Quota share \"y\" does not exist");
  expect(Tag(ResourceName::ServiceEnvironment("x"), {{"a", "1"}}),
         absl::StatusCode::kNotFound,
         "Service environment \"x\" does not exist");
  expect(Untag(ResourceName::ComputeEnvironment("x"), {"a"}),
         absl::StatusCode::kNotFound,
         "Compute environment \"x\" does not exist");
  expect(Tag(ResourceName::JobDefinition("x:1"), {}),
         absl::StatusCode::kNotFound, "Job definition \"x:1\"");
  expect(Tag(ResourceName::ConsumableResource("x"), {}),
         absl::StatusCode::kNotFound, "Consumable resource \"x\"");
  expect(world_.scheduler()
             .ListTagsForResource(ResourceName::Job(JobId()))
             .status(),
         absl::StatusCode::kNotFound, "Job");
  ResourceName strange;
  strange.kind = static_cast<ResourceName::Kind>(99);
  expect(Tag(strange, {}), absl::StatusCode::kInvalidArgument,
         "resource.kind is 99");
  Tags many;
  for (int i = 0; i < 50; ++i) many[absl::StrCat("key", i)] = "";
  EXPECT_TRUE(Tag(ResourceName::Job(a), many).ok());
  expect(Tag(ResourceName::Job(a), {{"one more", ""}}),
         absl::StatusCode::kInvalidArgument,
         "tags has 51 entries; must have at most 50");
  EXPECT_EQ(Of(ResourceName::Job(a)).size(), 50u);
}

// --- Job definitions ---------------------------------------------------------

// They count towards what a definition may have at all. With AWS's limits it
// has not so much when it is registered that its tags could bring it there.
TEST(TagsOfLargeDefinitionsTest, AreRefusedWhereTheyDoNotFit) {
  SchedulerOptions unlimited;
  unlimited.limits = LimitsProfile::kUnlimited;
  Scheduler scheduler(unlimited);
  JobDefinitionOptions options;
  options.job_definition_name = "large";
  options.container_properties.image = "busybox";
  options.container_properties.resources = Resources::Of(1, 512);
  // As much as fits, but for less than a tag's value.
  std::string value(size_t{1} << 20, 'x');
  absl::StatusOr<JobDefinition> definition = absl::UnknownError("not tried");
  while (!definition.ok() && value.size() > 200) {
    value.resize(value.size() - 200);
    options.container_properties.environment = {{"A", value}};
    definition = JobDefinition::Create(options, LimitsProfile::kUnlimited);
  }
  ASSERT_TRUE(definition.ok()) << definition.status();
  const absl::Time now = absl::UnixEpoch();
  ASSERT_TRUE(scheduler.RegisterJobDefinition(*definition, now).ok());
  const ResourceName name = ResourceName::JobDefinition("large:1");
  const absl::Status status =
      scheduler.TagResource({name, {{"a", std::string(256, 'v')}}}, now);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("must have at most 1048576"));
  EXPECT_THAT(scheduler.ListTagsForResource(name).value(), IsEmpty());
}

// AWS's 24 KiB are for the registration, in every profile of limits.
class TagsAfterRegistrationTest
    : public ::testing::TestWithParam<LimitsProfile> {};

INSTANTIATE_TEST_SUITE_P(Profiles, TagsAfterRegistrationTest,
                         ::testing::Values(LimitsProfile::kAws,
                                           LimitsProfile::kUnlimited));

TEST_P(TagsAfterRegistrationTest, MayPassWhatARegistrationMayHave) {
  SchedulerOptions profile;
  profile.limits = GetParam();
  Scheduler scheduler(profile);
  JobDefinitionOptions options;
  options.job_definition_name = "large";
  options.container_properties.image = "busybox";
  options.container_properties.resources = Resources::Of(1, 512);
  std::string value(24 << 10, 'x');
  absl::StatusOr<JobDefinition> definition = absl::UnknownError("not tried");
  while (!definition.ok() && value.size() > 200) {
    value.resize(value.size() - 200);
    options.container_properties.environment = {{"A", value}};
    definition = JobDefinition::Create(options, LimitsProfile::kAws);
  }
  ASSERT_TRUE(definition.ok()) << definition.status();
  const absl::Time now = absl::UnixEpoch();
  ASSERT_TRUE(scheduler.RegisterJobDefinition(*definition, now).ok());
  const ResourceName name = ResourceName::JobDefinition("large:1");
  const Tags tags = {{"a", std::string(256, 'v')}};
  EXPECT_TRUE(scheduler.TagResource({name, tags}, now).ok());
  EXPECT_EQ(scheduler.ListTagsForResource(name).value(), tags);
  options.tags = tags;
  EXPECT_THAT(std::string(JobDefinition::Create(options, LimitsProfile::kAws)
                              .status()
                              .message()),
              HasSubstr("must have at most 24576"));
}

// What a runtime is told of the tags of each container, in the order of their
// starts.
class PropagatedTagsTest : public ::testing::Test {
 protected:
  PropagatedTagsTest() {
    JobDefinitionOptions options;
    options.job_definition_name = "d";
    options.tags = {{"team", "old"}};
    options.propagate_tags = true;
    site_.Define(options);
  }

  SimulatedRuntimeOptions Watched() {
    SimulatedRuntimeOptions options;
    options.script = [this](const ContainerSpec& spec) {
      seen_.push_back(spec.tags == nullptr ? Tags() : *spec.tags);
      return ContainerFate();
    };
    return options;
  }
  absl::Time now() const { return site_.now(); }
  // A plain submission: it changes nothing of what the definition says.
  void SubmitTo(Scheduler& scheduler) {
    SubmitJobRequest request;
    request.job_name = "job";
    request.job_queue = "queue";
    request.job_definition = "d";
    EXPECT_TRUE(scheduler.SubmitJob(request, now()).ok());
  }

  std::vector<Tags> seen_;
  PlainSite site_{1, SchedulerOptions(), Watched()};
  Scheduler& scheduler_ = site_.scheduler();
};

TEST_F(PropagatedTagsTest, ALaterPlainSubmissionHasThoseOfItsTime) {
  const ResourceName name = ResourceName::JobDefinition("d:1");
  SubmitTo(scheduler_);
  EXPECT_TRUE(
      scheduler_.TagResource({name, {{"team", "new"}, {"x", "y"}}}, now())
          .ok());
  SubmitTo(scheduler_);
  SubmitTo(scheduler_);
  EXPECT_TRUE(scheduler_.UntagResource({name, {"team"}}, now()).ok());
  SubmitTo(scheduler_);
  const Tags changed = {{"team", "new"}, {"x", "y"}};
  site_.RunUntilIdle();
  EXPECT_THAT(seen_, ElementsAre(Tags{{"team", "old"}}, changed, changed,
                                 Tags{{"x", "y"}}));
}

TEST_F(PropagatedTagsTest, AForkGoesItsOwnWay) {
  const ResourceName name = ResourceName::JobDefinition("d:1");
  SubmitTo(scheduler_);
  const std::unique_ptr<Scheduler> fork = scheduler_.Fork();
  for (Scheduler* scheduler : {&scheduler_, fork.get()}) {
    EXPECT_TRUE(scheduler->TagResource({name, {{"team", "new"}}}, now()).ok());
    SubmitTo(*scheduler);
  }
  EXPECT_EQ(scheduler_.EncodeState(), fork->EncodeState());
  site_.RunUntilIdle();
  EXPECT_THAT(seen_, ElementsAre(Tags{{"team", "old"}}, Tags{{"team", "new"}}));
}

TEST_F(PropagatedTagsTest, ARefusedChangeKeepsThem) {
  const ResourceName name = ResourceName::JobDefinition("d:1");
  SubmitTo(scheduler_);
  Tags many;
  for (int i = 0; i < 50; ++i) many[absl::StrCat("key", i)] = "";
  EXPECT_FALSE(scheduler_.TagResource({name, many}, now()).ok());
  SubmitTo(scheduler_);
  site_.RunUntilIdle();
  EXPECT_THAT(seen_, ElementsAre(Tags{{"team", "old"}}, Tags{{"team", "old"}}));
}

class DefinitionsTest : public ScenarioTest {
 protected:
  void Define(const char* name) {
    JobDefinitionOptions options;
    options.job_definition_name = name;
    options.container_properties.image = "image";
    options.container_properties.resources = Resources::Of(1, 512);
    world_.Define(options);
  }
  void Deregister(const char* name) {
    EXPECT_TRUE(
        world_.scheduler().DeregisterJobDefinition(name, world_.now()).ok());
  }
  std::vector<std::string> List(ListJobDefinitionsRequest request,
                                int size = 100) {
    std::vector<std::string> names;
    request.max_results = size;
    for (;;) {
      const auto page = world_.scheduler().ListJobDefinitions(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return names;
      for (const JobDefinitionView& view : page->job_definitions) {
        names.push_back(absl::StrCat(view.job_definition->job_definition_name(),
                                     ":", view.revision));
      }
      if (page->next_token.empty()) return names;
      request.next_token = page->next_token;
    }
  }
};

TEST_F(DefinitionsTest, AreListedByNameAndStatus) {
  for (const char* name : {"a", "b", "a", "c"}) Define(name);
  Deregister("a:1");
  ListJobDefinitionsRequest request;
  for (int size : {1, 2, 4, 100}) {
    EXPECT_THAT(List(request, size), ElementsAre("a:1", "b:1", "a:2", "c:1"));
  }
  request.job_definition_name = "a";
  EXPECT_THAT(List(request, 1), ElementsAre("a:1", "a:2"));
  request.active = true;
  EXPECT_THAT(List(request), ElementsAre("a:2"));
  request.active = false;
  EXPECT_THAT(List(request), ElementsAre("a:1"));
  request.job_definition_name = "x";
  EXPECT_THAT(List(request), IsEmpty());
  request.max_results = 101;
  EXPECT_EQ(world_.scheduler().ListJobDefinitions(request).status().code(),
            absl::StatusCode::kInvalidArgument);
  request.max_results = 1;
  request.next_token = "q:0";
  EXPECT_EQ(world_.scheduler().ListJobDefinitions(request).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Source: API DeregisterJobDefinition, "permanently deleted after 180 days".
TEST_F(DefinitionsTest, AnInactiveOneIsDeletedAfter180Days) {
  Hosts({1});
  Define("a");
  const JobId job =
      world_.Submit("job", OfDefinition("a"), RunsFor(absl::Hours(24 * 181)));
  world_.RunFor(absl::Seconds(5));
  Deregister("a:1");
  Deregister("a:1");  // once is enough
  const Scheduler& scheduler = world_.scheduler();
  world_.RunFor(absl::Hours(180 * 24) - absl::Nanoseconds(1));
  ASSERT_TRUE(scheduler.DescribeJobDefinition("a:1").ok());
  EXPECT_FALSE(scheduler.DescribeJobDefinition("a:1")->active);
  world_.RunFor(absl::Nanoseconds(1));
  EXPECT_EQ(scheduler.DescribeJobDefinition("a:1").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(List({}), IsEmpty());
  // The job still knows it.
  EXPECT_EQ(world_.Describe(job).job_definition, "a");
  world_.RunFor(absl::Hours(47));
  EXPECT_EQ(world_.Describe(job).status, JobStatus::kSucceeded);
  Define("a");  // numbers are not used again
  EXPECT_THAT(List({}), ElementsAre("a:2"));
}

}  // namespace
}  // namespace embatch

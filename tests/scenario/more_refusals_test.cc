// SPDX-License-Identifier: Apache-2.0
//
// What the scheduler refuses, word for word, of what came beside plain jobs:
// updates, quota shares, consumables, tags, lists and their filters.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/scenario/refusal.h"

namespace embatch {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kMissing = absl::StatusCode::kNotFound;
constexpr auto kWrongState = absl::StatusCode::kFailedPrecondition;

class MoreRefusalsTest : public RefusalFixture {
 protected:
  using Call = std::function<absl::Status()>;

  Call UpdateEnvironment(
      std::string name,
      std::function<void(UpdateComputeEnvironmentRequest&)> change = {}) {
    return [this, name, change] {
      UpdateComputeEnvironmentRequest request;
      request.compute_environment = name;
      if (change) change(request);
      return scheduler().UpdateComputeEnvironment(request, world_.now());
    };
  }
  Call QueueOn(std::vector<std::string> environments) {
    return [this, environments] {
      JobQueueOptions options;
      options.job_queue_name = "q";
      for (const std::string& environment : environments) {
        const int order =
            static_cast<int>(options.compute_environment_order.size()) + 1;
        options.compute_environment_order.push_back({order, environment});
      }
      return scheduler().CreateJobQueue(JobQueue::Create(options).value(),
                                        world_.now());
    };
  }
  template <typename... Words>
  Call Submit(Words... words) {
    return
        [this, words...] { return world_.TrySubmit("a", words...).status(); };
  }
  Call CreateShare(QuotaShareOptions options) {
    return [this, options] {
      return scheduler().CreateQuotaShare(QuotaShare::Create(options).value(),
                                          world_.now());
    };
  }
  static QuotaShareOptions ShareOf(std::string queue, std::string name,
                                   std::string unit = kUnitVcpu) {
    QuotaShareOptions options;
    options.job_queue = std::move(queue);
    options.quota_share_name = std::move(name);
    options.capacity_limits = {{1, std::move(unit)}};
    return options;
  }
  Call List(std::function<void(ListJobsRequest&)> change) {
    return [this, change] {
      ListJobsRequest request;
      request.job_queue = "queue";
      change(request);
      return scheduler().ListJobs(request).status();
    };
  }
};

TEST_F(MoreRefusalsTest, UpdatesAndDeletionOfEnvironments) {
  world_.Managed("best", Offers("t.2", 2, 4000));
  world_.Managed("tasks", OfType(ComputeResourceType::kFargate));
  const auto resources = [](std::function<void(ComputeResourcesUpdate&)> f) {
    return [f](UpdateComputeEnvironmentRequest& request) {
      f(request.compute_resources.emplace());
    };
  };
  ExpectRefused({
      {"unknown", UpdateEnvironment("e"), kMissing,
       "compute_environment: Compute environment \"e\" does not exist"},
      {"BEST_FIT",
       UpdateEnvironment("best", resources([](ComputeResourcesUpdate& update) {
                           update.allocation_strategy =
                               AllocationStrategy::kBestFit;
                         })),
       kInvalid,
       "compute_resources.allocation_strategy is BEST_FIT; must be another one "
       "in an update"},
      {"of another kind",
       UpdateEnvironment("tasks", resources([](ComputeResourcesUpdate& update) {
                           update.type = ComputeResourceType::kSpot;
                         })),
       kInvalid,
       "compute_resources.type is SPOT; an environment of type FARGATE can't "
       "become that"},
      {"new instances with BEST_FIT",
       UpdateEnvironment("best", resources([](ComputeResourcesUpdate& update) {
                           update.update_to_latest_image_version = true;
                         })),
       kWrongState,
       "compute_resources.allocation_strategy of the environment is BEST_FIT; "
       "must be another one for an infrastructure update"},
  });
  UpdateComputeEnvironmentRequest request;
  request.compute_environment = "hosts";
  request.state = ResourceState::kDisabled;
  ASSERT_TRUE(scheduler().UpdateComputeEnvironment(request, world_.now()).ok());
  world_.Settle();
  ExpectRefused({
      {"used by a queue",
       [this] {
         return scheduler().DeleteComputeEnvironment("hosts", world_.now());
       },
       kWrongState,
       "compute_environment is \"hosts\", which is used by the job queue "
       "\"queue\"; Cannot delete, found existing JobQueue relationship"},
  });
}

TEST_F(MoreRefusalsTest, DesiredVcpusLowered) {
  world_.Managed("machines", Offers("t.2", 2, 4000));
  const auto desired = [this](int64_t vcpus) {
    return UpdateEnvironment(
        "machines", [vcpus](UpdateComputeEnvironmentRequest& request) {
          request.compute_resources.emplace().desired_vcpus = vcpus;
        });
  };
  ASSERT_TRUE(desired(4)().ok());
  world_.RunFor(absl::Minutes(2));
  ExpectRefused({
      {"3 after 4", desired(3), kInvalid,
       "compute_resources.desired_vcpus is 3; must be at least 4: Manually "
       "scaling down compute environment is not supported. Disconnecting job "
       "queues from compute environment will cause it to scale-down to "
       "minvCpus"},
  });
}

TEST_F(MoreRefusalsTest, QueuesOfOneKind) {
  world_.Managed("tasks", OfType(ComputeResourceType::kFargate));
  const auto of = [](CpuArchitecture architecture) {
    return [architecture](EnvironmentPlan& plan) {
      for (InstanceType& type : plan.provider.instance_types) {
        type.architecture = architecture;
      }
    };
  };
  world_.Managed("intel", Offers("i.2", 2, 4000), of(CpuArchitecture::kX8664));
  world_.Managed("arm", Offers("a.2", 2, 4000), of(CpuArchitecture::kArm64));
  world_.Managed("ecs", Orchestration(OrchestrationType::kEcs));
  world_.Managed("eks", Orchestration(OrchestrationType::kEks),
                 Strategy(AllocationStrategy::kBestFitProgressive));
  ExpectRefused({
      {"ECS and EKS", QueueOn({"ecs", "eks"}), kInvalid,
       "compute_environment_order.compute_environment is \"eks\", beside one "
       "of another orchestration; must be all ECS or all EKS"},
      {"either and ECS", QueueOn({"hosts", "ecs"}), kInvalid,
       "compute_environment_order.compute_environment is \"ecs\", beside one "
       "of another orchestration; must be all ECS or all EKS"},
      {"EC2 and Fargate", QueueOn({"hosts", "tasks"}), kInvalid,
       "compute_environment_order.compute_environment is \"tasks\", beside one "
       "of the other kind; must be all EC2 (EC2 or SPOT) or all Fargate "
       "(FARGATE or FARGATE_SPOT)"},
      {"two architectures", QueueOn({"intel", "arm"}), kInvalid,
       "compute_environment_order.compute_environment is \"arm\", beside one "
       "of another architecture; must be all of one"},
  });
}

TEST_F(MoreRefusalsTest, QuotaShares) {
  // They make the definitions.
  world_.Submit("single");
  world_.Submit("gang", Nodes(2));
  world_.QuotaQueue("quotas", {"hosts"});
  for (int i = 1; i < 20; ++i) {
    world_.QuotaShare("quotas", "s" + std::to_string(i), Has(1));
  }
  ExpectRefused({
      {"queue without", CreateShare(ShareOf("queue", "x")), kWrongState,
       "job_queue is \"queue\"; must have a scheduling policy with quota "
       "shares"},
      {"unit", CreateShare(ShareOf("quotas", "x", "ml.m5.large")), kInvalid,
       "capacity_limits.capacity_unit is \"ml.m5.large\"; must be VCPU, MEMORY "
       "or GPU in this queue"},
      {"unknown share",
       [this] {
         UpdateQuotaShareRequest request;
         request.job_queue = "quotas";
         request.quota_share_name = "x";
         return scheduler().UpdateQuotaShare(request, world_.now());
       },
       kMissing, "quota_share_name: Quota share \"x\" does not exist"},
      {"read of an unknown share",
       [this] {
         return scheduler().DescribeQuotaShare("quotas", "x").status();
       },
       kMissing, "Quota share \"x\" of job queue \"quotas\" does not exist"},
      {"share in a queue without", Submit(OfQuotaShare("s1")), kInvalid,
       "quota_share_name is \"s1\"; may be given only where the job queue's "
       "scheduling policy has quota shares"},
      {"no share in a queue with", Submit(InQueue("quotas")), kInvalid,
       "quota_share_name is empty; must be given where the job queue's "
       "scheduling policy has quota shares"},
      {"several nodes", Submit(InQueue("quotas"), OfQuotaShare("s1"), Nodes(2)),
       kInvalid,
       "job_definition is \"nodes-0\", a multi-node one, and job_queue "
       "\"quotas\" has quota shares; such a queue takes jobs of one node only"},
  });
  world_.QuotaShare("quotas", "s20", Has(1));
  ExpectRefused({
      {"21 shares", CreateShare(ShareOf("quotas", "s21")),
       absl::StatusCode::kResourceExhausted,
       "job_queue \"quotas\" has 20 quota shares; there may be at most 20"},
  });
}

TEST_F(MoreRefusalsTest, MultiNodeJobs) {
  world_.Managed("cluster", Offers("duo", 2, 4096));
  world_.Queue("gangs", {"cluster"});
  const JobId gang = world_.Submit("gang", InQueue("gangs"), Nodes(2));
  world_.Settle();
  ExpectRefused({
      {"array of them", Submit(InQueue("gangs"), Nodes(2), Array(2)), kInvalid,
       "array_size is 2; must be absent for a multi-node job"},
      {"cancelled node",
       [this, gang] {
         return scheduler().CancelJob(gang.Child(1), "why", world_.now());
       },
       kInvalid, "job is node 1 of a multi-node job; must be the job itself"},
  });
}

TEST_F(MoreRefusalsTest, ConsumableResources) {
  world_.Consumable("licence", 1);
  const auto update = [this](std::string name, ConsumableResourceOperation op) {
    return [this, name, op] {
      UpdateConsumableResourceRequest request;
      request.consumable_resource = name;
      request.operation = op;
      return scheduler().UpdateConsumableResource(request, world_.now());
    };
  };
  ExpectRefused({
      {"unknown", update("x", ConsumableResourceOperation::kSet), kMissing,
       "consumable_resource: Consumable resource \"x\" does not exist"},
      {"operation",
       update("licence", static_cast<ConsumableResourceOperation>(3)), kInvalid,
       "operation is 3; must be SET, ADD or REMOVE"},
      {"jobs of an unknown one",
       [this] {
         ListJobsByConsumableResourceRequest request;
         request.consumable_resource = "x";
         return scheduler().ListJobsByConsumableResource(request).status();
       },
       kMissing,
       "consumable_resource: Consumable resource \"x\" does not exist"},
  });
}

TEST_F(MoreRefusalsTest, ListsOfJobs) {
  const JobId a = world_.Submit("a", Array(2));
  JobId none = a;
  ++none.generation;
  using FilterName = ListJobsFilter::Name;
  const auto filter = [this](FilterName name, std::vector<std::string> values) {
    return List([name, values](ListJobsRequest& request) {
      request.filter = ListJobsFilter{name, values};
    });
  };
  ExpectRefused({
      {"time", filter(FilterName::kBeforeCreatedAt, {"yesterday"}), kInvalid,
       "filter.values is \"yesterday\"; must be milliseconds since the Unix "
       "epoch"},
      {"filter", filter(static_cast<FilterName>(99), {"x"}), kInvalid,
       "filter.name is 99; must be one of those that API ListJobs names"},
      {"no value", filter(FilterName::kJobName, {}), kInvalid,
       "filter.values is empty; must have at least 1 entry"},
      {"children of an unknown job", List([none](ListJobsRequest& request) {
         request.job_queue.clear();
         request.array = none;
       }),
       kMissing, "array: the job does not exist, or its retention is over"},
      {"nodes of an unknown job", List([none](ListJobsRequest& request) {
         request.job_queue.clear();
         request.multi_node_job = none;
       }),
       kMissing,
       "multi_node_job: the job does not exist, or its retention is over"},
      {"101 jobs",
       [this, a] {
         return scheduler().DescribeJobs(std::vector<JobId>(101, a)).status();
       },
       kInvalid,
       "jobs has 101 entries; Maximum number of jobs supported is  100 ."},
  });
}

TEST_F(MoreRefusalsTest, Tags) {
  const JobId a = world_.Submit("a", Array(2));
  const auto tag = [this](ResourceName resource) {
    return [this, resource] {
      return scheduler().TagResource({resource, {{"a", "1"}}}, world_.now());
    };
  };
  ResourceName strange = ResourceName::JobQueue("queue");
  strange.kind = static_cast<ResourceName::Kind>(99);
  ExpectRefused({
      {"child", tag(ResourceName::Job(a.Child(0))), kInvalid,
       "resource.job is a child of an array or a node; must be a job"},
      {"unknown", tag(ResourceName::ComputeEnvironment("e")), kMissing,
       "resource: Compute environment \"e\" does not exist"},
      {"unknown kind", tag(strange), kInvalid,
       "resource.kind is 99; must be a kind of resource"},
  });
}

TEST_F(MoreRefusalsTest, ServiceEnvironments) {
  ServiceEnvironmentOptions options;
  options.service_environment_name = "training";
  options.capacity_limits = {{1, kUnitInstances}};
  ASSERT_TRUE(scheduler()
                  .CreateServiceEnvironment(
                      ServiceEnvironment::Create(options).value(), world_.now())
                  .ok());
  ExpectRefused({
      {"updated while CREATING",
       [this] {
         UpdateServiceEnvironmentRequest request;
         request.service_environment = "training";
         return scheduler().UpdateServiceEnvironment(request, world_.now());
       },
       kWrongState,
       "service_environment is \"training\", which is CREATING; must be "
       "VALID"},
  });
  world_.Settle();
}

}  // namespace
}  // namespace embatch

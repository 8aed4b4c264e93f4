// SPDX-License-Identifier: Apache-2.0
//
// What the reference scheduler knows, as plain records in plain vectors. They
// refer to each other by index; nothing is ever taken out of a vector. What can
// be computed from these records is not kept in them.
#ifndef EMBATCH_TESTS_SUPPORT_REFERENCE_MODEL_H_
#define EMBATCH_TESTS_SUPPORT_REFERENCE_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "embatch/compute_environment.h"
#include "embatch/consumable_resource.h"
#include "embatch/ids.h"
#include "embatch/job.h"
#include "embatch/job_definition.h"
#include "embatch/job_queue.h"
#include "embatch/resource_provider.h"
#include "embatch/resources.h"
#include "embatch/scheduling_policy.h"
#include "tests/support/reference/quota.h"
#include "tests/support/reference/task.h"

namespace embatch::reference {

inline constexpr int kNothing = -1;

// Source: API AttemptContainerDetail.reason, "up to 255".
inline constexpr size_t kContainerReasonLengthMax = 255;
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// a + b, or never.
inline int64_t After(int64_t a_ns, int64_t b_ns) {
  return b_ns >= kNever - a_ns ? kNever : a_ns + b_ns;
}

// --- Jobs --------------------------------------------------------------------

// What a job needs to start. Of a multi-node job: what each of its nodes does.
struct Need : Resources {
  int nodes = 0;              // 0: no multi-node job
  std::string instance_type;  // of a multi-node job; empty: any
  std::map<std::string, int64_t> consumables;  // of the whole job

  bool Allows(const std::string& type) const {
    return instance_type.empty() || instance_type == type;
  }
  int64_t total_vcpu_milli() const {  // of all nodes
    return std::max(1, nodes) * vcpu_milli;
  }
  bool IsSameAs(const Need& other) const {
    return static_cast<const Resources&>(*this) ==
               static_cast<const Resources&>(other) &&
           nodes == other.nodes && instance_type == other.instance_type &&
           consumables == other.consumables;
  }
};

// Why an attempt is being stopped.
enum class Stop {
  kNone,
  kTerminated,
  kTimedOut,
  kQueueDeleted,
  kWithMainNode,
  kPreemptedAcross,  // by a job of another share
  kPreemptedInShare,
  kHostTerminated,  // an update or a deletion takes its instance
};

// What is due at a time; of equal times the first one here comes first.
enum class DueKind {
  kTimeout,         // of an attempt
  kStopOverdue,     // the same
  kStateTimeLimit,  // of a queue's head
  kUpdateTimeout,   // of what runs on an environment's old instances
  kStartTimeout,    // of a container that waits for another
};

// What an attempt has of a consumable resource.
struct Holding {
  int consumable = kNothing;
  int64_t quantity = 0;
};

// The attempt of a job that is STARTING or RUNNING.
struct Attempt {
  int number = 0;
  int instance = kNothing;
  bool started = false;
  int64_t started_ns = 0;
  Stop stop = Stop::kNone;
  int64_t due_ns = kNever;
  DueKind due_kind = DueKind::kTimeout;
  int64_t due_order = 0;     // when the deadline was set: a rising number
  int64_t placed_order = 0;  // the same of its placement
  int use = kNothing;        // of compute, by the share
  std::vector<ContainerState> containers;  // none: nothing was asked for
  int deciding = kNothing;  // the container that says how the attempt ends
  std::vector<Holding> holdings;
};

// An entry of dependsOn.
struct Dependency {
  enum class Kind { kPlain, kPaired, kChained };
  Kind kind = Kind::kPlain;
  int other = kNothing;  // kPlain: a job, array or child; kPaired: an array
  DependencyCondition condition = DependencyCondition::kSuccess;
  bool heard = false;  // kPlain: the dependent has heard how the other ended

  // Whether this is how the other was to end.
  bool IsMetBy(JobStatus end) const {
    if (condition == DependencyCondition::kCompletion) return true;
    return (condition == DependencyCondition::kFailure) ==
           (end == JobStatus::kFailed);
  }
};

// A single job, an array or one of its children, a multi-node job or one of its
// nodes. Children and nodes follow the job that they belong to.
struct Job {
  JobId id;
  std::string name;
  int queue = kNothing;
  Need need;
  Task task;  // not of a multi-node job, but of its nodes
  RetryStrategy retry_strategy;
  int64_t timeout_ns = kNever;
  std::string share;     // fair-share queues
  int priority = 0;      // the same, and quota shares: inside a share
  int quota = kNothing;  // in queues with quota shares
  std::optional<int> preemption_retries;

  int array = kNothing;  // child, node: the job that it belongs to
  bool is_node = false;
  int main_node = 0;       // of a multi-node job
  bool all_asked = false;  // not its main node alone was asked for
  int size = 0;            // array: how many children follow

  std::string rejection;  // why it can't be launched; empty: it can

  JobStatus status = JobStatus::kSubmitted;
  std::string status_reason;
  int attempts = 0;   // begun so far
  int preempted = 0;  // so many of these, which don't count
  int64_t runnable_since_ns = 0;
  std::optional<Attempt> attempt;
  bool retried = false;  // it goes before those that never started
  // Something happened to this child alone: what happens to its siblings does
  // not happen to it in the same breath.
  bool touched = false;
  std::set<std::string> blocked_codes;  // that made an event
  int64_t stopped_ns = kNever;
  bool expired = false;    // its retention is over
  bool forgotten = false;  // and nothing of it runs

  bool cancelled = false;
  bool terminated = false;
  std::string request_reason;

  std::vector<Dependency> dependencies;
  bool dependency_failed = false;
  bool released = false;  // array: it waits for nothing as a whole

  bool is_array() const { return size > 0; }
  bool is_child() const { return array != kNothing; }  // or a node
  bool has_nodes() const { return !is_node && need.nodes > 0; }
  bool ended_by_caller() const { return cancelled || terminated; }
};

struct Definition {
  JobDefinition definition;
  int revision = 0;
  bool active = true;
};

// --- Queues ------------------------------------------------------------------

struct Share {
  bool active = false;
};

// Compute that an attempt uses or used, in a fair-share queue.
struct Use {
  int queue = kNothing;
  std::string share;
  int64_t vcpu_milli = 0;
  int64_t from_ms = 0;
  int64_t to_ms = kNever;
};

struct Queue {
  JobQueueOptions options;
  ResourceStatus status = ResourceStatus::kCreating;
  std::vector<int> environments;  // in the order in which they are tried
  int blocked = kNothing;         // the head that carries a blocked reason
  // What is held is held by what no instance would help.
  bool without_demand = false;
  // How often its line has changed, and how often it was updated. And what was
  // true when the latest pass over those who may overtake had come to its end.
  int64_t changes = 0;
  int64_t updates = 0;
  std::vector<int64_t> passed;
  bool nobody_overtakes = false;  // it found that all must wait for the head

  // The clock of the blocked head; see time_limits.cc.
  int64_t blocked_since_ns = 0;
  int64_t clock_ns = kNever;
  int64_t clock_order = 0;
  int probed = kNothing;  // the head for which a launch is tried once more
  std::string probed_code;

  std::optional<FairsharePolicy> fairshare_policy;
  std::map<std::string, Share> shares;  // by identifier
  int64_t history_from_ms = 0;          // what was used before is forgotten

  bool has_quotas = false;
  std::vector<Quota> quotas;     // gone ones, too
  std::vector<int> quota_order;  // those that are there
  size_t next_quota = 0;         // whose turn it is, in that order
  std::vector<Earmark> earmarks;
};

// --- Consumable resources ----------------------------------------------------

struct Consumable {
  std::string name;
  bool replenishable = true;
  int64_t total = 0;
  int64_t in_use = 0;
  bool deleted = false;

  int64_t available() const { return std::max<int64_t>(0, total - in_use); }
};

// A request that was carried out, and is not to be once more.
struct ClientToken {
  int consumable = kNothing;
  UpdateConsumableResourceRequest request;
  int64_t from_ns = 0;
};

// --- Environments ------------------------------------------------------------

struct Type {
  InstanceType promised;  // by the catalogue
  Resources size;         // what its instances have, as far as is known
  bool offered = true;
  int64_t back_off_until_ns = 0;
  LaunchFailure failure = LaunchFailure::kCapacity;
  bool is_doubtful = false;  // none has become ready since a launch failed
};

struct Environment {
  ComputeEnvironmentOptions options;
  ResourceStatus status = ResourceStatus::kCreating;
  bool has_catalogue = false;
  std::vector<InstanceType> catalogue;
  std::vector<Type> types;
  int64_t catalogues = 0;  // how many were told
  std::vector<int64_t> back_off_ends_ns;
  int64_t asked_vcpu_milli = 0;     // as desiredvCpus, while that holds
  int64_t updates = 0;              // how many there were
  bool changed = false;             // phase 1 has still to carry it out
  bool replaces_instances = false;  // the same: old instances go
  int64_t update_due_ns = kNever;   // what runs on old instances is stopped
  int64_t update_due_order = 0;
  int64_t no_capacity_until_ns = 0;  // Fargate

  const std::string& name() const { return options.compute_environment_name; }
  bool managed() const {
    return options.type == ComputeEnvironmentType::kManaged;
  }
  bool is_spot() const {
    return managed() &&
           options.compute_resources->type == ComputeResourceType::kSpot;
  }
  bool is_fargate() const {
    return managed() && IsFargate(options.compute_resources->type);
  }
  // Whether its capacity is instances that the scheduler launches.
  bool launches() const {
    return managed() && !is_fargate() && status != ResourceStatus::kDeleted;
  }
  bool runs_nodes() const { return launches() && !is_spot(); }  // §12.2
  bool enabled() const { return options.state == ResourceState::kEnabled; }
  bool takes_jobs() const {
    return enabled() && (status == ResourceStatus::kValid ||
                         status == ResourceStatus::kUpdating);
  }
  int64_t min_vcpu_milli() const {
    return managed() ? 1000 * options.compute_resources->min_vcpus : 0;
  }
  int64_t max_vcpu_milli() const {
    return managed() ? 1000 * options.compute_resources->max_vcpus : 0;
  }
  // Choice: D47, one whose maxvCpus is below a job's need, that of all nodes
  // together, never serves it.
  bool may_ever_hold(const Need& need) const {
    return !managed() || need.total_vcpu_milli() <= max_vcpu_milli();
  }
};

enum class InstanceState {
  kBooting,
  kReady,
  kInterrupted,
  kDraining,
  kLost,
  kGone
};

struct Instance {
  InstanceId id;
  int environment = kNothing;
  int type = kNothing;  // none: it joined on its own
  InstanceState state = InstanceState::kBooting;
  std::string name;
  Resources total;
  bool is_pool = false;       // all the room of a Fargate environment
  bool used = false;          // a job was on it
  bool for_minimum = false;   // it was launched for minvCpus
  bool closing = false;       // its multi-node job is over
  bool registered = false;    // it was said to be ready once
  int64_t changed_order = 0;  // when its free capacity changed: a rising number
  int64_t idle_since_ns = 0;
  int64_t lost_ns = 0;
  int64_t attempts_left = 0;  // how many attempts have left it

  bool exists() const {
    return state != InstanceState::kLost && state != InstanceState::kGone;
  }
};

}  // namespace embatch::reference

#endif  // EMBATCH_TESTS_SUPPORT_REFERENCE_MODEL_H_

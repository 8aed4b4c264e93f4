// SPDX-License-Identifier: Apache-2.0
//
// What the JobTable does differently for a multi-node job and its nodes.
#include "lib/base/check.h"
#include "lib/jobs/job_table.h"
#include "lib/jobs/reasons.h"

namespace embatch {

void JobTable::AddNodes(uint32_t slot) {
  JobRecord& record = jobs_[slot];
  const JobSpec& spec = specs_[record.spec];
  record.has_nodes = true;
  record.children = nodes_.Allocate().slot;
  NodesRecord& nodes = nodes_[record.children];
  nodes.main_node = spec.extras->main_node;
  nodes.nodes.resize(spec.extras->node_groups.size());
  nodes.counts[static_cast<int>(JobStatus::kSubmitted)] = nodes.size();
  // A copy: to intern may move the specs.
  const std::vector<JobSpec> groups = spec.extras->groups;
  const std::vector<uint8_t> group_of = spec.extras->node_groups;
  for (size_t i = 0; i < group_of.size(); ++i) {
    nodes.nodes[i].spec = InternSpec(groups[group_of[i]]);
  }
}

void JobTable::RemoveNodes(uint32_t index) {
  EMBATCH_DCHECK(nodes_[index].live == 0);
  for (NodeRecord& node : nodes_[index].nodes) {
    ReleaseDetails(node.details);
    ReleaseSpec(node.spec);
  }
  nodes_.Free(index);
}

void JobTable::BeginNodeAttempt(JobKey key, uint32_t live) {
  LiveAttempt& attempt = live_[live];
  NodesRecord& nodes = this->nodes(key.slot);
  NodeRecord& node = nodes.at(key.child);
  attempt.is_node = true;
  attempt.spec = node.spec;
  node.live = live;
  node.details.attempts = attempt.number;
  ++nodes.live;
  if (key.child != nodes.main_node) return;
  jobs_[key.slot].live = live;
  jobs_[key.slot].details.attempts = attempt.number;
}

void JobTable::EndNodeAttempt(JobKey key, bool final) {
  NodesRecord& nodes = this->nodes(key.slot);
  nodes.at(key.child).live = kNoIndex;
  --nodes.live;
  if (key.child != nodes.main_node) return;
  JobRecord& record = jobs_[key.slot];
  record.live = kNoIndex;
  if (!final) record.retry_class = kRetriedClass;
}

void JobTable::ChangeNode(JobKey key, JobStatus to, TextIndex reason,
                          int64_t at_ns) {
  NodesRecord& nodes = this->nodes(key.slot);
  NodeRecord& node = nodes.at(key.child);
  --nodes.counts[static_cast<int>(node.status)];
  ++nodes.counts[static_cast<int>(to)];
  node.status = to;
  SetText(node.details.status_reason, reason);
  if (IsTerminal(to)) node.details.stopped_ns = at_ns;
  if (to == JobStatus::kRunnable) {
    node.details.started_ns = node.details.stopped_ns = kNoTime;
  }
}

// A node that has no attempt under way goes where its job goes, without an
// event of its own: what happens to the job as a whole is told once.
void JobTable::FollowJob(uint32_t slot, JobStatus from, TextIndex reason,
                         int64_t at_ns) {
  const JobStatus to = jobs_[slot].status;
  if (from > JobStatus::kRunnable || to == from || to == JobStatus::kStarting) {
    return;
  }
  NodesRecord& nodes = this->nodes(slot);
  for (int32_t i = 0; i < nodes.size(); ++i) {
    const NodeRecord& node = nodes.at(i);
    if (node.live == kNoIndex && node.status == from) {
      ChangeNode({slot, i}, to, reason, at_ns);
    }
  }
}

void JobTable::ChangeNodes(uint32_t slot, JobTrigger trigger,
                           Journal& journal) {
  NodesRecord& nodes = this->nodes(slot);
  const JobStatus from = nodes.at(0).status;
  const std::optional<JobStatus> to = NextNodeStatus(from, trigger);
  EMBATCH_CHECK(to.has_value());
  for (int32_t i = 0; i < nodes.size(); ++i) {
    EMBATCH_DCHECK(nodes.at(i).status == from);
    ChangeNode({slot, i}, *to, kNoReason, journal.now_ns);
  }
  Event& event = journal.events.emplace_back();
  event.time_ns = journal.now_ns;
  event.job = IdOf({slot, 0});
  event.count = static_cast<uint32_t>(nodes.size());
  event.attempt = static_cast<uint16_t>(AttemptsOf({slot, 0}));
  event.from = from;
  event.to = *to;
}

}  // namespace embatch

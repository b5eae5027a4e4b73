package dcs

import (
	"context"
	"fmt"
)

// Member is an etcd member as the cluster lists it.
type Member struct {
	ID uint64 `json:"ID,string"`
	// Name is empty until the member has started for the first time.
	Name       string   `json:"name"`
	PeerURLs   []string `json:"peerURLs"`
	ClientURLs []string `json:"clientURLs"`
	IsLearner  bool     `json:"isLearner"`
}

// Members lists the members. Since etcd 3.5 the answer is linearizable.
func (c *Client) Members(ctx context.Context) ([]Member, error) {
	var a struct {
		Members []Member `json:"members"`
	}
	if err := c.call(ctx, "/v3/cluster/member/list", struct{}{}, &a); err != nil {
		return nil, fmt.Errorf("cannot list etcd members: %w", err)
	}
	return a.Members, nil
}

// Status is what one member says of itself.
type Status struct {
	Header struct {
		MemberID  uint64 `json:"member_id,string"`
		ClusterID uint64 `json:"cluster_id,string"`
	} `json:"header"`
	Version string   `json:"version"`
	DBSize  int64    `json:"dbSize,string"`
	Leader  uint64   `json:"leader,string"`
	Errors  []string `json:"errors"`
}

// Status asks the first endpoint that answers about itself.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	if err := c.call(ctx, "/v3/maintenance/status", struct{}{}, &s); err != nil {
		return Status{}, fmt.Errorf("cannot read etcd status: %w", err)
	}
	return s, nil
}

"""GitHub and GitLab: comments on the request for a change, issues, and the artifacts of runs."""

"""Contests (cuộc thi tìm hiểu): a quiz for the people, its questions, who took part, and who won."""
